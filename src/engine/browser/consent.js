// Finds the consent banner and, where asked, answers it. Called with {selectors, words, answer, plan};
// returns {shown, by, clicked}. Walks open shadow roots and same-origin frames.
((input) => {
  const roots = [document];
  const collect = (root, depth) => {
    if (depth > 6) return;
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) { roots.push(element.shadowRoot); collect(element.shadowRoot, depth + 1); }
      if (element.localName === 'iframe') {
        try { if (element.contentDocument) { roots.push(element.contentDocument); collect(element.contentDocument, depth + 1); } } catch { /* another origin's */ }
      }
    }
  };
  collect(document, 0);
  const visible = (element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 1 && box.height > 1 && style.visibility !== 'hidden' && style.display !== 'none' && Number(style.opacity) > 0.05;
  };
  const find = (selector) => {
    for (const root of roots) {
      let found = [];
      try { found = root.querySelectorAll(selector); } catch { return null; }
      for (const element of found) if (visible(element)) return element;
    }
    return null;
  };
  const textOf = (element) => (element.innerText || element.value || element.getAttribute('aria-label') || '').replace(/\s+/g, ' ').trim().toLowerCase();
  const speaksOfCookies = (element) => /cookie|consent|einwilligung|zustimm|consentement|privacidad|privacy|datenschutz|toestemming|samtycke|zgod|consenso/.test(textOf(element).slice(0, 4000));
  // A banner: something the plan or a known platform names, or a visible box above the page that speaks of cookies and has a button.
  const boxes = () => {
    const found = [];
    for (const root of roots) {
      for (const element of root.querySelectorAll('[role=dialog],[role=alertdialog],[aria-modal=true],dialog[open],[id*=cookie i],[class*=cookie i],[id*=consent i],[class*=consent i],[id*=cmp i],[id*=gdpr i],[class*=gdpr i]')) {
        if (element === document.body || element === document.documentElement) continue;
        if (visible(element) && speaksOfCookies(element) && element.querySelector('button,[role=button],input[type=button],input[type=submit],a')) found.push(element);
      }
    }
    return found;
  };
  let banner = null, by = null;
  if (input.plan) { banner = find(input.plan); by = banner && 'the plan\'s selector'; }
  for (const [platform, selector] of banner ? [] : input.platforms) {
    banner = find(selector);
    if (banner) { by = platform; break; }
  }
  if (!banner) { banner = boxes()[0] || null; by = banner && 'its markup'; }
  if (!banner || !input.answer) return { shown: !!banner, by, clicked: null };
  const buttonOf = () => {
    if (input.button) return find(input.button);
    for (const selector of input.buttons) { const found = find(selector); if (found) return found; }
    const candidates = [];
    const within = boxes(); if (!within.includes(banner)) within.unshift(banner);
    for (const box of within) for (const element of box.querySelectorAll('button,[role=button],input[type=button],input[type=submit],a')) if (visible(element)) candidates.push(element);
    for (const word of input.words) for (const element of candidates) if (textOf(element) === word) return element;
    for (const word of input.words) for (const element of candidates) if (textOf(element).includes(word)) return element;
    return null;
  };
  const button = buttonOf();
  if (!button) return { shown: true, by, clicked: null };
  const label = textOf(button).slice(0, 60);
  button.click();
  return { shown: true, by, clicked: label };
})
