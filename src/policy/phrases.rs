//! The words that a policy is written with, one table a language: here for translators, read by
//! nothing but the writer. What is written in the first five is read back by `import`.

use crate::manifest::Category;

/// A language to write in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    German,
    French,
    Spanish,
    Dutch,
    /// 繁體中文
    TraditionalChinese,
}

impl Language {
    /// Every language, with its tag (BCP 47).
    pub const ALL: [(Language, &'static str); 6] = [
        (Language::English, "en"),
        (Language::German, "de"),
        (Language::French, "fr"),
        (Language::Spanish, "es"),
        (Language::Dutch, "nl"),
        (Language::TraditionalChinese, "zh-Hant"),
    ];

    /// Its tag.
    pub fn tag(self) -> &'static str {
        Self::ALL.iter().find(|(language, _)| *language == self).map_or("en", |(_, tag)| tag)
    }

    pub(super) fn phrases(self) -> &'static Phrases {
        match self {
            Language::English => &EN,
            Language::German => &DE,
            Language::French => &FR,
            Language::Spanish => &ES,
            Language::Dutch => &NL,
            Language::TraditionalChinese => &ZH_HANT,
        }
    }
}

/// One word for one, and for several.
pub(super) type Counted = (&'static str, &'static str);

/// Everything that is written in a language. `{}` is where the variable part goes.
pub(super) struct Phrases {
    pub(super) title: &'static str,
    pub(super) last_updated: &'static str,
    pub(super) draft: &'static str,
    pub(super) nothing: &'static str,
    pub(super) name: &'static str,
    pub(super) purpose: &'static str,
    pub(super) duration: &'static str,
    pub(super) provider: &'static str,
    pub(super) storage: &'static str,
    pub(super) party: &'static str,
    /// Headings of the categories; the last of what has none.
    pub(super) categories: [&'static str; 7],
    pub(super) or_over_https: &'static str,
    pub(super) cookie: &'static str,
    pub(super) local_storage: &'static str,
    pub(super) session_storage: &'static str,
    pub(super) first_party: &'static str,
    pub(super) third_party: &'static str,
    pub(super) session: &'static str,
    pub(super) unbounded: &'static str,
    pub(super) until_logout: &'static str,
    pub(super) at_most: &'static str,
    pub(super) about: &'static str,
    /// From the first to the second.
    pub(super) range: &'static str,
    pub(super) or: &'static str,
    pub(super) rolling: &'static str,
    /// Seconds, minutes, hours, days, weeks, months, years.
    pub(super) units: [Counted; 7],
    /// Between a number and its unit.
    pub(super) blank: &'static str,
}

impl Phrases {
    pub(super) fn category(&self, category: Option<Category>) -> &'static str {
        let at = match category {
            Some(Category::StrictlyNecessary) => 0,
            Some(Category::Functional) => 1,
            Some(Category::Analytics) => 2,
            Some(Category::Advertising) => 3,
            Some(Category::Social) => 4,
            Some(Category::Unclassified) => 5,
            None => 6,
        };
        self.categories[at]
    }
}

static EN: Phrases = Phrases {
    title: "Cookies we use",
    last_updated: "Last updated: {}",
    draft: "Draft, from what was seen on the site; read and correct it before it is published.",
    nothing: "This website sets no cookies.",
    name: "Name",
    purpose: "Purpose",
    duration: "Duration",
    provider: "Provider",
    storage: "Storage",
    party: "Party",
    categories: [
        "Strictly necessary cookies",
        "Functional cookies",
        "Analytics cookies",
        "Advertising cookies",
        "Social media cookies",
        "Unclassified cookies",
        "Cookies",
    ],
    or_over_https: "(or {} over HTTPS)",
    cookie: "Cookie",
    local_storage: "Local storage",
    session_storage: "Session storage",
    first_party: "First party",
    third_party: "Third party",
    session: "Session",
    unbounded: "Persistent",
    until_logout: "Until logout",
    at_most: "Up to {}",
    about: "About {}",
    range: "{} to {}",
    or: " or ",
    rolling: "; refreshed on activity",
    units: [
        ("second", "seconds"),
        ("minute", "minutes"),
        ("hour", "hours"),
        ("day", "days"),
        ("week", "weeks"),
        ("month", "months"),
        ("year", "years"),
    ],
    blank: " ",
};

static DE: Phrases = Phrases {
    title: "Cookies, die wir verwenden",
    last_updated: "Zuletzt aktualisiert: {}",
    draft: "Entwurf nach dem, was auf der Website gesehen wurde; vor der Ver\u{f6}ffentlichung lesen und berichtigen.",
    nothing: "Diese Website setzt keine Cookies.",
    name: "Name",
    purpose: "Zweck",
    duration: "Speicherdauer",
    provider: "Anbieter",
    storage: "Speicher",
    party: "Partei",
    categories: [
        "Unbedingt erforderliche Cookies",
        "Funktionale Cookies",
        "Analyse-Cookies",
        "Werbe-Cookies",
        "Social-Media-Cookies",
        "Nicht klassifizierte Cookies",
        "Cookies",
    ],
    or_over_https: "(oder {} \u{fc}ber HTTPS)",
    cookie: "Cookie",
    local_storage: "Lokaler Speicher",
    session_storage: "Sitzungsspeicher",
    first_party: "Erstanbieter",
    third_party: "Drittanbieter",
    session: "Sitzung",
    unbounded: "Dauerhaft",
    until_logout: "Bis zur Abmeldung",
    at_most: "Bis zu {}",
    about: "Etwa {}",
    range: "{} bis {}",
    or: " oder ",
    rolling: "; wird bei Aktivit\u{e4}t erneuert",
    units: [
        ("Sekunde", "Sekunden"),
        ("Minute", "Minuten"),
        ("Stunde", "Stunden"),
        ("Tag", "Tage"),
        ("Woche", "Wochen"),
        ("Monat", "Monate"),
        ("Jahr", "Jahre"),
    ],
    blank: " ",
};

static FR: Phrases = Phrases {
    title: "Cookies utilis\u{e9}s",
    last_updated: "Derni\u{e8}re mise \u{e0} jour : {}",
    draft: "Projet, d'apr\u{e8}s ce qui a \u{e9}t\u{e9} vu sur le site ; \u{e0} relire et corriger avant publication.",
    nothing: "Ce site ne d\u{e9}pose aucun cookie.",
    name: "Nom",
    purpose: "Finalit\u{e9}",
    duration: "Dur\u{e9}e",
    provider: "Fournisseur",
    storage: "Stockage",
    party: "Interne ou tiers",
    categories: [
        "Cookies strictement n\u{e9}cessaires",
        "Cookies fonctionnels",
        "Cookies de mesure d'audience",
        "Cookies publicitaires",
        "Cookies de r\u{e9}seaux sociaux",
        "Cookies non class\u{e9}s",
        "Cookies",
    ],
    or_over_https: "(ou {} en HTTPS)",
    cookie: "Cookie",
    local_storage: "Stockage local",
    session_storage: "Stockage de session",
    first_party: "Interne",
    third_party: "Tiers",
    session: "Session",
    unbounded: "Persistant",
    until_logout: "Jusqu'\u{e0} la d\u{e9}connexion",
    at_most: "Jusqu'\u{e0} {}",
    about: "Environ {}",
    range: "De {} \u{e0} {}",
    or: " ou ",
    rolling: " ; renouvel\u{e9} \u{e0} chaque visite",
    units: [
        ("seconde", "secondes"),
        ("minute", "minutes"),
        ("heure", "heures"),
        ("jour", "jours"),
        ("semaine", "semaines"),
        ("mois", "mois"),
        ("an", "ans"),
    ],
    blank: " ",
};

static ES: Phrases = Phrases {
    title: "Cookies que utilizamos",
    last_updated: "\u{da}ltima actualizaci\u{f3}n: {}",
    draft: "Borrador, seg\u{fa}n lo que se vio en el sitio; l\u{e9}alo y corr\u{ed}jalo antes de publicarlo.",
    nothing: "Este sitio web no utiliza cookies.",
    name: "Nombre",
    purpose: "Finalidad",
    duration: "Duraci\u{f3}n",
    provider: "Proveedor",
    storage: "Almacenamiento",
    party: "Propia o de terceros",
    categories: [
        "Cookies estrictamente necesarias",
        "Cookies funcionales",
        "Cookies de an\u{e1}lisis",
        "Cookies publicitarias",
        "Cookies de redes sociales",
        "Cookies no clasificadas",
        "Cookies",
    ],
    or_over_https: "(o {} por HTTPS)",
    cookie: "Cookie",
    local_storage: "Almacenamiento local",
    session_storage: "Almacenamiento de sesi\u{f3}n",
    first_party: "Propia",
    third_party: "Terceros",
    session: "Sesi\u{f3}n",
    unbounded: "Persistente",
    until_logout: "Hasta cerrar sesi\u{f3}n",
    at_most: "Hasta {}",
    about: "Aproximadamente {}",
    range: "De {} a {}",
    or: " o ",
    rolling: "; se renueva con la actividad",
    units: [
        ("segundo", "segundos"),
        ("minuto", "minutos"),
        ("hora", "horas"),
        ("d\u{ed}a", "d\u{ed}as"),
        ("semana", "semanas"),
        ("mes", "meses"),
        ("a\u{f1}o", "a\u{f1}os"),
    ],
    blank: " ",
};

static NL: Phrases = Phrases {
    title: "Cookies die wij gebruiken",
    last_updated: "Laatst bijgewerkt: {}",
    draft: "Concept, naar wat op de site te zien was; lees en verbeter het voor publicatie.",
    nothing: "Deze website plaatst geen cookies.",
    name: "Naam",
    purpose: "Doel",
    duration: "Bewaartermijn",
    provider: "Aanbieder",
    storage: "Opslag",
    party: "Eigen of derde",
    categories: [
        "Strikt noodzakelijke cookies",
        "Functionele cookies",
        "Analytische cookies",
        "Advertentiecookies",
        "Cookies voor sociale media",
        "Niet-geclassificeerde cookies",
        "Cookies",
    ],
    or_over_https: "(of {} via HTTPS)",
    cookie: "Cookie",
    local_storage: "Lokale opslag",
    session_storage: "Sessieopslag",
    first_party: "Eigen",
    third_party: "Derde partij",
    session: "Sessie",
    unbounded: "Permanent",
    until_logout: "Tot uitloggen",
    at_most: "Maximaal {}",
    about: "Ongeveer {}",
    range: "Van {} tot {}",
    or: " of ",
    rolling: "; wordt vernieuwd bij activiteit",
    units: [
        ("seconde", "seconden"),
        ("minuut", "minuten"),
        ("uur", "uur"),
        ("dag", "dagen"),
        ("week", "weken"),
        ("maand", "maanden"),
        ("jaar", "jaar"),
    ],
    blank: " ",
};

static ZH_HANT: Phrases = Phrases {
    title: "\u{6211}\u{5011}\u{4f7f}\u{7528}\u{7684} Cookie",
    last_updated: "\u{6700}\u{5f8c}\u{66f4}\u{65b0}\u{ff1a}{}",
    draft: "\u{8349}\u{7a3f}\u{ff0c}\u{6839}\u{64da}\u{5728}\u{7db2}\u{7ad9}\u{4e0a}\u{6240}\u{898b}\u{ff1b}\u{767c}\u{5e03}\u{524d}\u{8acb}\u{95b1}\u{8b80}\u{4e26}\u{4fee}\u{6b63}\u{3002}",
    nothing: "\u{672c}\u{7db2}\u{7ad9}\u{4e0d}\u{4f7f}\u{7528} Cookie\u{3002}",
    name: "\u{540d}\u{7a31}",
    purpose: "\u{7528}\u{9014}",
    duration: "\u{6709}\u{6548}\u{671f}\u{9650}",
    provider: "\u{63d0}\u{4f9b}\u{8005}",
    storage: "\u{5132}\u{5b58}\u{65b9}\u{5f0f}",
    party: "\u{7b2c}\u{4e00}\u{65b9}\u{6216}\u{7b2c}\u{4e09}\u{65b9}",
    categories: [
        "\u{7d55}\u{5c0d}\u{5fc5}\u{8981}\u{7684} Cookie",
        "\u{529f}\u{80fd}\u{6027} Cookie",
        "\u{5206}\u{6790} Cookie",
        "\u{5ee3}\u{544a} Cookie",
        "\u{793e}\u{7fa4}\u{5a92}\u{9ad4} Cookie",
        "\u{672a}\u{5206}\u{985e}\u{7684} Cookie",
        "Cookie",
    ],
    or_over_https: "\u{ff08}\u{4f7f}\u{7528} HTTPS \u{6642}\u{70ba} {}\u{ff09}",
    cookie: "Cookie",
    local_storage: "\u{672c}\u{6a5f}\u{5132}\u{5b58}\u{7a7a}\u{9593}",
    session_storage: "\u{5de5}\u{4f5c}\u{968e}\u{6bb5}\u{5132}\u{5b58}\u{7a7a}\u{9593}",
    first_party: "\u{7b2c}\u{4e00}\u{65b9}",
    third_party: "\u{7b2c}\u{4e09}\u{65b9}",
    session: "\u{700f}\u{89bd}\u{5668}\u{5de5}\u{4f5c}\u{968e}\u{6bb5}",
    unbounded: "\u{6c38}\u{4e45}",
    until_logout: "\u{76f4}\u{5230}\u{767b}\u{51fa}",
    at_most: "\u{6700}\u{9577} {}",
    about: "\u{7d04} {}",
    range: "{} \u{81f3} {}",
    or: " \u{6216} ",
    rolling: "\u{ff1b}\u{6d3b}\u{52d5}\u{6642}\u{66f4}\u{65b0}",
    units: [
        ("\u{79d2}", "\u{79d2}"),
        ("\u{5206}\u{9418}", "\u{5206}\u{9418}"),
        ("\u{5c0f}\u{6642}", "\u{5c0f}\u{6642}"),
        ("\u{5929}", "\u{5929}"),
        ("\u{9031}", "\u{9031}"),
        ("\u{500b}\u{6708}", "\u{500b}\u{6708}"),
        ("\u{5e74}", "\u{5e74}"),
    ],
    blank: " ",
};
