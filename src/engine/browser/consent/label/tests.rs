use super::*;

fn says(label: &str) -> Option<Says> {
    read(label, &[]).map(|label| label.says)
}

type Labels = &'static [&'static str];

/// Language; accepting, rejecting, necessary only, settings, as banners write them.
const BANNERS: &[(&str, Labels, Labels, Labels, Labels)] = &[
    (
        "English",
        &[
            "Accept all",
            "Allow all cookies",
            "I agree",
            "Yes, I accept",
            "Accept & continue",
            "Agree and close",
            "Accept all & visit the site",
            "Consent",
        ],
        &[
            "Reject all",
            "Decline",
            "Continue without accepting",
            "Do not accept",
            "I disagree",
            "Decline optional cookies",
            "Reject non-essential cookies",
            "Don’t allow",
        ],
        &[
            "Necessary cookies only",
            "Accept only essential cookies",
            "Use strictly necessary cookies only",
            "Only required",
            "Continue with essential only",
        ],
        &[
            "Cookie settings",
            "Manage preferences",
            "Customise",
            "More options",
            "Let me choose",
            "No, customise",
            "Manage or reject",
        ],
    ),
    (
        "German",
        &[
            "Alle akzeptieren",
            "Alle Cookies zulassen",
            "Ich stimme zu",
            "Zustimmen und weiter",
            "Einverstanden",
            "Allen zustimmen",
        ],
        &["Alle ablehnen", "Ablehnen", "Ohne Zustimmung fortfahren", "Nicht akzeptieren", "Ich lehne ab"],
        &[
            "Nur notwendige Cookies",
            "Nur essenzielle Cookies akzeptieren",
            "Nur technisch notwendige Cookies verwenden",
            "Weiter nur mit erforderlichen Cookies",
        ],
        &[
            "Einstellungen",
            "Individuelle Datenschutzeinstellungen",
            "Cookie-Einstellungen",
            "Mehr Optionen",
            "Anpassen",
        ],
    ),
    (
        "French",
        &[
            "Tout accepter",
            "J’accepte",
            "Accepter et fermer",
            "Autoriser tous les cookies",
            "OK pour tout accepter",
        ],
        &["Tout refuser", "Continuer sans accepter", "Je refuse", "Refuser les cookies", "Ne pas accepter"],
        &["Uniquement les cookies nécessaires", "Accepter uniquement les cookies essentiels"],
        &["Personnaliser", "Paramétrer les cookies", "Gérer mes choix", "Je choisis"],
    ),
    (
        "Spanish",
        &["Aceptar todo", "Acepto", "Aceptar todas las cookies", "Permitir todas", "Aceptar y continuar"],
        &["Rechazar todo", "Continuar sin aceptar", "No aceptar", "Rechazar cookies no necesarias"],
        &["Solo necesarias", "Aceptar solo las cookies necesarias"],
        &["Configurar", "Personalizar", "Configuración de cookies", "Gestionar opciones"],
    ),
    (
        "Italian",
        &["Accetta tutti", "Accetto", "Accetta e continua", "Accetta tutti i cookie", "Acconsento"],
        &["Rifiuta tutto", "Continua senza accettare", "Non accettare", "Rifiuta"],
        &["Solo i cookie necessari", "Accetta solo necessari", "Usa solo i cookie tecnici"],
        &["Personalizza", "Gestisci preferenze", "Scopri di più e personalizza", "Impostazioni"],
    ),
    (
        "Portuguese",
        &["Aceitar tudo", "Aceitar todos os cookies", "Concordo", "Permitir todos"],
        &["Rejeitar tudo", "Recusar", "Continuar sem aceitar", "Não aceitar"],
        &["Apenas necessários", "Aceitar apenas os cookies essenciais"],
        &["Configurações", "Gerir preferências", "Personalizar", "Definições de cookies"],
    ),
    (
        "Dutch",
        &["Alles accepteren", "Alle cookies toestaan", "Akkoord", "Ik ga akkoord", "Accepteren en doorgaan"],
        &["Alles weigeren", "Weigeren", "Doorgaan zonder te accepteren", "Niet akkoord"],
        &["Alleen noodzakelijke cookies", "Enkel essentiële cookies accepteren"],
        &["Instellingen", "Voorkeuren aanpassen", "Zelf instellen", "Cookie-instellingen"],
    ),
    (
        "Swedish",
        &["Acceptera alla", "Godkänn alla kakor", "Jag accepterar", "Tillåt alla cookies"],
        &["Avvisa alla", "Neka alla", "Fortsätt utan att acceptera", "Acceptera inte"],
        &["Endast nödvändiga", "Godkänn endast nödvändiga kakor"],
        &["Inställningar", "Anpassa", "Hantera inställningar", "Inställningar för kakor"],
    ),
    (
        "Danish",
        &["Accepter alle", "Tillad alle cookies", "Jeg accepterer", "Godkend alle"],
        &["Afvis alle", "Afvis", "Fortsæt uden at acceptere", "Nej tak, afvis alle"],
        &["Kun nødvendige", "Tillad kun nødvendige cookies"],
        &["Indstillinger", "Tilpas", "Administrer indstillinger", "Vis detaljer"],
    ),
    (
        "Norwegian",
        &["Godta alle", "Aksepter alle informasjonskapsler", "Tillat alle", "Jeg godtar"],
        &["Avvis alle", "Avslå", "Fortsett uten å godta", "Ikke godta"],
        &["Bare nødvendige", "Kun nødvendige informasjonskapsler", "Godta kun nødvendige"],
        &["Innstillinger", "Tilpass", "Administrer innstillinger"],
    ),
    (
        "Finnish",
        &["Hyväksy kaikki", "Salli kaikki evästeet", "Hyväksyn", "Hyväksy kaikki evästeet"],
        &["Hylkää kaikki", "Kieltäydy", "Jatka hyväksymättä", "Älä hyväksy"],
        &["Vain välttämättömät", "Hyväksy vain välttämättömät evästeet", "Salli vain pakolliset"],
        &["Asetukset", "Evästeasetukset", "Muokkaa asetuksia", "Hallitse evästeitä"],
    ),
    (
        "Icelandic",
        &["Samþykkja allt", "Ég samþykki", "Samþykkja allar vafrakökur", "Leyfa allar"],
        &["Hafna öllu", "Hafna öllum", "Neita", "Halda áfram án þess að samþykkja"],
        &["Aðeins nauðsynlegar", "Leyfa aðeins nauðsynlegar vafrakökur"],
        &["Stillingar", "Sérsníða", "Breyta stillingum"],
    ),
    (
        "Polish",
        &[
            "Akceptuj wszystkie",
            "Zaakceptuj wszystkie pliki cookie",
            "Zgadzam się",
            "Akceptuję i przechodzę do serwisu",
        ],
        &["Odrzuć wszystkie", "Nie zgadzam się", "Odmów", "Kontynuuj bez akceptacji"],
        &["Tylko niezbędne", "Akceptuj tylko niezbędne cookies"],
        &["Ustawienia", "Dostosuj", "Zarządzaj plikami cookie", "Ustawienia cookies"],
    ),
    (
        "Czech",
        &["Přijmout vše", "Souhlasím", "Povolit všechny cookies", "Souhlasím se všemi"],
        &["Odmítnout vše", "Nesouhlasím", "Pokračovat bez souhlasu", "Odmítnout"],
        &["Pouze nezbytné", "Přijmout jen nezbytné cookies"],
        &["Nastavení", "Podrobné nastavení", "Upravit nastavení", "Nastavení cookies"],
    ),
    (
        "Slovak",
        &["Prijať všetko", "Súhlasím", "Povoliť všetky cookies"],
        &["Odmietnuť všetko", "Nesúhlasím", "Pokračovať bez súhlasu"],
        &["Iba nevyhnutné", "Prijať len nevyhnutné cookies"],
        &["Nastavenia", "Prispôsobiť", "Spravovať nastavenia"],
    ),
    (
        "Hungarian",
        &["Összes elfogadása", "Elfogadom", "Az összes süti elfogadása", "Mindet elfogadom"],
        &["Összes elutasítása", "Elutasítom", "Nem fogadom el", "Folytatás elfogadás nélkül"],
        &["Csak a szükséges sütik", "Csak az elengedhetetlen sütik engedélyezése"],
        &["Beállítások", "Testreszabás", "Süti beállítások"],
    ),
    (
        "Romanian",
        &["Acceptă toate", "Sunt de acord", "Accept toate cookie-urile", "Permite toate"],
        &["Respinge toate", "Refuz", "Continuă fără a accepta", "Nu accept"],
        &["Doar cele necesare", "Acceptă doar cookie-urile esențiale"],
        &["Setări", "Personalizează", "Gestionează preferințele", "Setari cookie"],
    ),
    (
        "Bulgarian",
        &["Приемам всички", "Приемам", "Разреши всички бисквитки", "Съгласен съм"],
        &["Отхвърляне на всички", "Отказвам", "Не приемам", "Продължи без да приемаш"],
        &["Само необходимите", "Приемам само необходимите бисквитки"],
        &["Настройки", "Управление на бисквитките", "Персонализиране"],
    ),
    (
        "Greek",
        &["Αποδοχή όλων", "Αποδέχομαι", "ΑΠΟΔΟΧΗ ΟΛΩΝ ΤΩΝ COOKIES", "Συμφωνώ", "Να επιτρέπονται όλα"],
        &["Απόρριψη όλων", "Διαφωνώ", "Δεν αποδέχομαι", "Συνέχεια χωρίς αποδοχή"],
        &["Μόνο απαραίτητα", "Αποδοχή μόνο των απαραίτητων cookies"],
        &["Ρυθμίσεις", "Ρυθμίσεις cookies", "Περισσότερες επιλογές", "Διαχείριση"],
    ),
    (
        "Croatian",
        &["Prihvaćam sve", "Prihvati sve kolačiće", "Slažem se", "Dopusti sve"],
        &["Odbij sve", "Ne prihvaćam", "Nastavi bez prihvaćanja"],
        &["Samo nužni kolačići", "Prihvati samo nužne"],
        &["Postavke", "Prilagodi", "Upravljaj kolačićima"],
    ),
    (
        "Serbian",
        &["Prihvatam sve", "Прихватам све", "Прихвати све колачиће"],
        &["Odbij sve", "Одбиј све"],
        &["Само неопходни", "Samo neophodni kolačići"],
        &["Podešavanja", "Подешавања", "Прилагоди"],
    ),
    (
        "Slovenian",
        &["Sprejmi vse", "Strinjam se", "Dovoli vse piškotke"],
        &["Zavrni vse", "Ne strinjam se", "Nadaljuj brez sprejema"],
        &["Samo nujni", "Sprejmi samo nujne piškotke"],
        &["Nastavitve", "Prilagodi", "Nastavitve piškotkov"],
    ),
    (
        "Estonian",
        &["Nõustun kõigiga", "Luba kõik küpsised", "Nõustun", "Olen nõus"],
        &["Keeldun kõigist", "Keeldu", "Ei nõustu", "Lükka kõik tagasi"],
        &["Ainult vajalikud", "Luba ainult vajalikud küpsised"],
        &["Seaded", "Kohanda", "Küpsiste seaded"],
    ),
    (
        "Latvian",
        &["Pieņemt visas", "Piekrītu", "Apstiprināt visas sīkdatnes", "Atļaut visas"],
        &["Noraidīt visas", "Nepiekrītu", "Turpināt bez piekrišanas"],
        &["Tikai nepieciešamās", "Atļaut tikai nepieciešamās sīkdatnes"],
        &["Iestatījumi", "Pielāgot", "Sīkdatņu iestatījumi"],
    ),
    (
        "Lithuanian",
        &["Sutinku su visais", "Priimti visus slapukus", "Leisti visus", "Sutinku"],
        &["Atmesti visus", "Nesutinku", "Tęsti nesutikus", "Atsisakyti"],
        &["Tik būtini", "Leisti tik būtinus slapukus"],
        &["Nustatymai", "Tvarkyti slapukus", "Slapukų nustatymai"],
    ),
    (
        "Irish",
        &["Glac le gach fianán", "Glac leis na fianáin go léir", "Glacaim leis"],
        &["Diúltaigh do gach fianán", "Diúltaigh"],
        &["Fianáin riachtanacha amháin"],
        &["Socruithe", "Socruithe fianán"],
    ),
    (
        "Maltese",
        &["Aċċetta kollox", "Naċċetta", "Aċċetta l-cookies kollha"],
        &["Irrifjuta kollox", "Ma naċċettax"],
        &["Dawk neċessarji biss", "Aċċetta biss il-cookies essenzjali"],
        &["Ippersonalizza", "Preferenzi"],
    ),
    (
        "Turkish",
        &["Tümünü kabul et", "KABUL EDİYORUM", "Tüm çerezlere izin ver", "Kabul et"],
        &["Tümünü reddet", "Reddet", "Kabul etmeden devam et"],
        &["Yalnızca gerekli çerezler", "Sadece zorunlu çerezleri kabul et"],
        &["Ayarlar", "Çerez ayarları", "Tercihleri yönet", "Özelleştir"],
    ),
    (
        "Ukrainian",
        &["Прийняти всі", "Погоджуюсь", "Дозволити всі файли cookie", "Приймаю"],
        &["Відхилити всі", "Не приймаю", "Продовжити без згоди", "Відмовитися"],
        &["Лише необхідні", "Прийняти тільки необхідні файли cookie"],
        &["Налаштування", "Керувати налаштуваннями", "Налаштування cookie"],
    ),
    (
        "Russian",
        &["Принять все", "Согласен", "Разрешить все файлы cookie", "Принять и закрыть"],
        &["Отклонить все", "Отказаться", "Не принимаю", "Продолжить без согласия"],
        &["Только необходимые", "Принять только необходимые cookie"],
        &["Настройки", "Настроить", "Управление cookie"],
    ),
    (
        "Japanese",
        &["すべて同意する", "同意する", "すべてのCookieを受け入れる", "クッキーを許可する", "同意して閉じる"],
        &["すべて拒否する", "拒否", "同意しない", "同意せずに続ける"],
        &["必須Cookieのみ", "必要なクッキーのみを許可する"],
        &["設定", "Cookieの設定", "カスタマイズ", "詳細設定"],
    ),
    (
        "Chinese (simplified)",
        &["全部接受", "接受所有Cookie", "同意", "我接受", "同意并继续"],
        &["全部拒绝", "拒绝所有", "不同意", "不接受"],
        &["仅接受必要的Cookie", "仅必要"],
        &["Cookie设置", "管理偏好设置", "自定义"],
    ),
    (
        "Chinese (traditional)",
        &["全部接受", "接受所有 Cookie", "允許全部"],
        &["全部拒絕", "拒絕", "不同意"],
        &["僅接受必要的 Cookie", "僅必要"],
        &["Cookie 設定", "管理偏好設定", "自訂"],
    ),
    (
        "Korean",
        &["모두 동의", "모두 수락", "동의합니다", "쿠키 허용", "모든 쿠키 허용", "모두동의"],
        &["모두 거부", "거부하기", "동의하지 않음", "동의 안 함"],
        &["필수 쿠키만 허용", "필수만"],
        &["설정", "쿠키 설정", "맞춤 설정"],
    ),
    (
        "Arabic",
        &["قبول الكل", "أوافق", "قبول جميع ملفات تعريف الارتباط", "السماح للكل"],
        &["رفض الكل", "رفض", "لا أوافق", "المتابعة بدون قبول"],
        &["الضرورية فقط", "قبول الضرورية فقط"],
        &["الإعدادات", "إعدادات ملفات تعريف الارتباط", "تخصيص", "إدارة التفضيلات"],
    ),
    ("Persian", &["پذیرفتن همه", "قبول می‌کنم"], &["رد کردن همه", "نمی‌پذیرم"], &["فقط ضروری"], &["تنظیمات"]),
    (
        "Hebrew",
        &["קבל הכל", "אני מסכים", "אישור כל העוגיות", "אפשר הכל"],
        &["דחה הכל", "לא מסכים", "המשך ללא הסכמה", "דחיית הכל"],
        &["רק הכרחיות", "עוגיות הכרחיות בלבד"],
        &["הגדרות", "הגדרות עוגיות", "התאמה אישית"],
    ),
    (
        "Catalan",
        &["Accepta-ho tot", "Acceptar totes", "Accepto", "D’acord, accepta les galetes"],
        &["Rebutja-ho tot", "Rebutjar", "Continua sense acceptar"],
        &["Només les necessàries", "Accepta només les galetes essencials"],
        &["Configuració", "Configura les galetes", "Personalitza"],
    ),
    (
        "Galician",
        &["Aceptar todo", "Acepto"],
        &["Rexeitar todo", "Rexeitar"],
        &["Só as necesarias"],
        &["Configurar", "Xestionar cookies"],
    ),
    (
        "Basque",
        &["Onartu guztiak", "Onartu", "Onartu cookie guztiak", "Ados nago"],
        &["Baztertu guztiak", "Ukatu", "Ez onartu"],
        &["Beharrezkoak soilik", "Beharrezko cookieak bakarrik onartu"],
        &["Ezarpenak", "Konfiguratu", "Cookieen ezarpenak"],
    ),
    (
        "Welsh",
        &["Derbyn pob cwci", "Derbyn popeth", "Rwy’n derbyn", "Caniatáu pob cwci"],
        &["Gwrthod pob cwci", "Gwrthod", "Parhau heb dderbyn"],
        &["Dim ond cwcis angenrheidiol", "Cwcis hanfodol yn unig"],
        &["Gosodiadau", "Gosodiadau cwcis", "Rheoli cwcis"],
    ),
    (
        "Albanian",
        &["Prano të gjitha", "Pranoj"],
        &["Refuzo të gjitha", "Refuzoj"],
        &["Vetëm të nevojshme"],
        &["Cilësimet", "Personalizo"],
    ),
    (
        "Macedonian",
        &["Прифати ги сите", "Се согласувам"],
        &["Одбиј ги сите", "Не прифаќам"],
        &["Само неопходни"],
        &["Поставки"],
    ),
    (
        "Belarusian",
        &["Прыняць усе", "Згодны"],
        &["Адхіліць усе", "Адмовіцца"],
        &["Толькі неабходныя"],
        &["Налады"],
    ),
    (
        "Vietnamese",
        &["Chấp nhận tất cả", "Tôi đồng ý"],
        &["Từ chối tất cả", "Không đồng ý"],
        &["Chỉ cookie cần thiết"],
        &["Cài đặt cookie", "Tùy chỉnh"],
    ),
    (
        "Indonesian",
        &["Terima semua", "Saya setuju"],
        &["Tolak semua", "Tidak setuju"],
        &["Hanya yang diperlukan"],
        &["Pengaturan", "Kelola preferensi"],
    ),
    (
        "Thai",
        &["ยอมรับทั้งหมด", "ยอมรับคุกกี้ทั้งหมด"],
        &["ปฏิเสธทั้งหมด", "ไม่ยอมรับ"],
        &["เฉพาะคุกกี้ที่จำเป็น", "ยอมรับเฉพาะที่จำเป็น"],
        &["ตั้งค่าคุกกี้", "การตั้งค่า"],
    ),
    (
        "Hindi",
        &["सभी स्वीकार करें", "सभी कुकीज़ स्वीकार करें"],
        &["सभी अस्वीकार करें", "अस्वीकार करें"],
        &["केवल आवश्यक"],
        &["सेटिंग्स", "कुकी सेटिंग्स"],
    ),
];

#[test]
fn every_language_says_yes_no_and_something_between() {
    let mut wrong = Vec::new();
    let mut expect = |language: &str, label: &str, said: Says| {
        if says(label) != Some(said) {
            wrong.push(format!("{language}: {label}: {:?} is not {said:?}", says(label)));
        }
    };
    for (language, accept, reject, necessary, settings) in BANNERS {
        accept.iter().for_each(|label| expect(language, label, Says::Accept));
        reject.iter().for_each(|label| expect(language, label, Says::Reject));
        necessary.iter().for_each(|label| expect(language, label, Says::Reject));
        settings.iter().for_each(|label| expect(language, label, Says::Settings));
    }
    assert_eq!(wrong, [""; 0]);
    let named: Vec<&str> = BANNERS.iter().map(|(language, ..)| *language).collect();
    let languages: Vec<&str> = LANGUAGES.iter().map(|language| language.name).collect();
    for language in languages {
        assert!(named.contains(&language), "{language} has no labels here");
    }
}

#[test]
fn what_says_more_than_an_answer_is_none() {
    for label in [
        "I agree, subscribe",
        "Accept and pay",
        "Accept order",
        "Accept the terms",
        "I accept the terms and conditions",
        "Yes, I am over 18",
        "Enter",
        "Log in",
        "Agree and sign up",
        "Accept invitation",
        "Accept all and subscribe",
        "Reject and subscribe for 4.99 €",
        "Accept all orders",
        "Accept cookies for €2.99",
        "Bestellung akzeptieren",
        "Accepter la commande",
        "Accept friend request",
        "Allow notifications",
        "Allow location access",
        "Close",
        "×",
        "X",
        "Privacy policy",
        "Cookie policy",
        "Learn more",
        "Necessary",
        "Necessary cookies",
        "Marketing",
        "Buy now",
        "Continue to checkout",
        "Accept call",
        "Download",
        "Accept payment",
        "AGB akzeptieren",
        "Accept all terms",
    ] {
        let said = says(label);
        assert!(!matches!(said, Some(Says::Accept | Says::Reject | Says::Save)), "{label}: {said:?}");
    }
}

#[test]
fn nods_and_choices_are_told_from_answers() {
    assert_eq!(says("OK"), Some(Says::Acknowledge));
    assert_eq!(says("Got it!"), Some(Says::Acknowledge));
    assert_eq!(says("No, thanks"), Some(Says::Decline));
    for label in [
        "Save",
        "Allow selection",
        "Accept selected",
        "Auswahl speichern",
        "Confirm my choices",
        "Save preferences",
        "Enregistrer mes choix",
        "Salva preferenze",
        "選択内容を保存",
    ] {
        assert_eq!(says(label), Some(Says::Save), "{label}");
    }
    assert_eq!(says("Withdraw consent"), Some(Says::Withdraw));
    assert_eq!(says("Einwilligung widerrufen"), Some(Says::Withdraw));
    assert!(read("Cookie settings", &[]).is_some_and(|label| label.reopens));
    assert!(read("Settings", &[]).is_some_and(|label| !label.reopens));
    assert!(
        pays("Reject and subscribe for 4.99 €")
            && pays("Pur-Abo")
            && pays("4,99 €/Monat")
            && !pays("Reject all")
    );
}
