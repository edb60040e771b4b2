// Finds the consent banner and, where asked, presses one of its buttons or sets its switches. Called with
// {act, plan, platforms, buttons, words, never}; `act` is look, press (within the banner), choose (a category's switches
// on, the others off), reopen (press a control anywhere on the page) or find-reopen (only look for it).
// Returns {shown, by, clicked}. Walks open shadow roots and same-origin frames.
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
  const CONTROLS = 'button,[role=button],input[type=button],input[type=submit],a';
  // What sends a form that somebody fills in, or acts by a script's method, is no answer about cookies.
  const FILLED_IN = 'input:not([type]),input[type=text],input[type=email],input[type=password],input[type=search],input[type=tel],input[type=url],input[type=number],textarea';
  const isAnswer = (control) => {
    if (control.matches('a[data-method],a[data-turbo-method],a[data-confirm]')) return false;
    const form = control.form || control.closest('form');
    const sends = control.localName === 'button' ? control.type === 'submit' : ['submit', 'image'].includes(control.type);
    return !(form && sends && [...form.elements].some((field) => field.matches(FILLED_IN)));
  };
  const controlsIn = (holders) => holders.flatMap((holder) => [...holder.querySelectorAll(CONTROLS)]).filter(visible).filter(isAnswer);
  // Whole labels before parts of them, telling words before short ones.
  const byWords = (controls) => {
    for (const word of input.words) for (const control of controls) if (textOf(control) === word) return control;
    // "disagree" is no "agree", nor is "continue without accepting".
    const others = controls.filter((control) => !input.never.some((word) => textOf(control).includes(word)));
    for (const word of input.words) if (word.length > 3) for (const control of others) if (textOf(control).includes(word)) return control;
    return null;
  };
  const bySelector = () => { for (const selector of input.buttons) { const found = find(selector); if (found && isAnswer(found)) return found; } return null; };
  const answer = (clicked) => ({ shown: !!banner, by, clicked });
  const press = (control) => {
    if (!control) return answer(null);
    const label = textOf(control).slice(0, 60);
    control.click();
    return answer(label);
  };
  if (input.act === 'reopen' || input.act === 'find-reopen') {
    const control = bySelector() || byWords(controlsIn(roots).filter((control) => textOf(control).length < 60));
    return input.act === 'reopen' ? press(control) : answer(control && textOf(control).slice(0, 60));
  }
  if (!banner || input.act === 'look') return answer(null);
  const holders = boxes();
  if (!holders.includes(banner)) holders.unshift(banner);
  if (input.act === 'press') return press(bySelector() || byWords(controlsIn(holders)));
  // choose
  const labelling = (box) => (box.labels && box.labels[0]) || box.closest('label') || box.closest('li,tr,section,fieldset');
  const labelOf = (box) => {
    const label = labelling(box);
    return [box.getAttribute('aria-label'), box.name, box.value, box.id, label && textOf(label)].filter(Boolean).join(' ').toLowerCase();
  };
  let chosen = null;
  for (const holder of holders) for (const box of holder.querySelectorAll('input[type=checkbox],[role=switch],[role=checkbox]')) {
    if (box.disabled || box.getAttribute('aria-disabled') === 'true') continue;
    // A switch is often drawn by its label alone; one that nobody sees belongs to a dialog that is not open.
    if (!visible(box) && !(labelling(box) && visible(labelling(box)))) continue;
    const label = labelOf(box);
    const wanted = input.words.some((word) => label.includes(word));
    const on = box.localName === 'input' ? box.checked : box.getAttribute('aria-checked') === 'true';
    if (wanted) chosen = label.slice(0, 60);
    if (wanted !== on) box.click();
  }
  return answer(chosen);
})
