// What a person does in a page, for steps of a plan. Runs in a world of its own, where a page's
// scripts can neither see nor change anything; the page's elements are the same.
(() => {
  'use strict';
  const MOST_ROOTS = 500, MOST_ELEMENTS = 50000;

  // Documents and open shadow roots, also of frames of the same origin.
  const roots = () => {
    const found = [document];
    for (let at = 0; at < found.length && found.length < MOST_ROOTS; at++) {
      const all = found[at].querySelectorAll('*');
      for (let n = 0; n < all.length && n < MOST_ELEMENTS; n++) {
        const element = all[n];
        if (element.shadowRoot) found.push(element.shadowRoot);
        if (element.localName === 'iframe' || element.localName === 'frame') {
          try { if (element.contentDocument) found.push(element.contentDocument); } catch { /* another origin */ }
        }
      }
    }
    return found;
  };
  const every = (selector) => roots().flatMap((root) => [...root.querySelectorAll(selector)]).slice(0, MOST_ELEMENTS);
  const visible = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && element.checkVisibility({ visibilityProperty: true });
  };
  // The first that can be seen, else the first.
  const one = (selector) => {
    const found = every(selector);
    return found.find(visible) || found[0];
  };
  const line = (text, most) => String(text || '').replace(/\s+/g, ' ').trim().slice(0, most);
  const isButton = (control) => control.localName === 'button' || (control.localName === 'input' && ['submit', 'image', 'button', 'reset'].includes(control.type));
  const submits = (control) => isButton(control) && ['submit', 'image'].includes(control.type) && !control.disabled;
  const words = (element) => line(element.innerText || (isButton(element) ? element.value : '') || element.getAttribute('aria-label') || element.title || element.alt, 60);
  const label = (control) => line((control.labels && control.labels[0] && control.labels[0].innerText) || control.getAttribute('aria-label') || control.placeholder || '', 60);
  const short = (element) => element.id ? '#' + line(element.id, 60)
    : element.getAttribute('data-testid') ? `[data-testid="${line(element.getAttribute('data-testid'), 60)}"]`
    : element.getAttribute('name') ? `[name="${line(element.getAttribute('name'), 60)}"]` : '';

  // Where to press an element, in the tab's own coordinates; `hit`: nothing lies over it.
  const point = (element) => {
    element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    const box = [...element.getClientRects()].find((box) => box.width > 0 && box.height > 0);
    if (!box || !visible(element)) return { hit: false };
    let x = box.left + box.width / 2, y = box.top + box.height / 2;
    const root = element.getRootNode();
    const over = root.elementFromPoint && root.elementFromPoint(x, y);
    let hit = !!over && (over === element || element.contains(over));
    for (let view = element.ownerDocument.defaultView; view && view !== window; view = view.parent) {
      const frame = view.frameElement;
      if (!frame) return { hit: false };
      const around = frame.getBoundingClientRect();
      x += around.left + frame.clientLeft;
      y += around.top + frame.clientTop;
    }
    hit = hit && x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
    return { x, y, hit };
  };
  // Steps are made in one tab: what would open another one opens here.
  const stay = (element) => {
    const opens = element.closest && element.closest('a[target],area[target]');
    if (opens) opens.target = '_self';
    const form = element.form || (element.closest && element.closest('form'));
    if (form && form.target) form.target = '_self';
    if (element.formTarget) element.formTarget = '_self';
  };
  const native = (control, value) => {
    const owner = { textarea: HTMLTextAreaElement, select: HTMLSelectElement }[control.localName] || HTMLInputElement;
    Object.getOwnPropertyDescriptor(owner.prototype, 'value').set.call(control, value);
  };
  const tell = (control) => {
    control.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true, inputType: 'insertText' }));
    control.dispatchEvent(new Event('change', { bubbles: true }));
  };
  const choices = (control) => [...control.options].map((option) => option.value);
  // Sets a control; what is wrong, if anything is.
  const set = (control, name, value) => {
    if (control.type === 'file') return `\`${name}\` is a file field; files are not sent`;
    if (control.localName === 'select') return choose(control, name, [control], { value });
    if (control.type === 'checkbox' || control.type === 'radio') return `\`${name}\` is a ${control.type}: say it with \`choose\``;
    if (control.type !== 'hidden') control.focus();
    if (control.isContentEditable) control.textContent = value; else native(control, value);
    tell(control);
    return null;
  };
  // `choice`: `on`, `off`, or a value.
  const choose = (control, name, group, choice) => {
    if (control.localName === 'select') {
      if (choice.on) return `\`${name}\` is a select: say which value`;
      let at = -1;
      if (!choice.off) {
        at = [...control.options].findIndex((option) => option.value === choice.value);
        if (at < 0) at = [...control.options].findIndex((option) => line(option.label, 500) === choice.value);
        if (at < 0) return `\`${name}\` has no choice \`${choice.value}\`; it has ${choices(control).slice(0, 30).join(', ')}`;
      }
      control.selectedIndex = at;
      tell(control);
      return null;
    }
    const boxes = group.filter((box) => ['checkbox', 'radio'].includes(box.type));
    const meant = choice.value === undefined ? boxes : boxes.filter((box) => box.value === choice.value);
    if (!boxes.length) return `\`${name}\` is no checkbox, radio button or select`;
    if (!meant.length) return `\`${name}\` has no choice \`${choice.value}\`; it has ${boxes.map((box) => box.value).slice(0, 30).join(', ')}`;
    for (const box of meant) {
      if (box.checked !== !choice.off) box.click();
      if (box.type === 'radio') break;
    }
    return null;
  };

  const controlsOf = (form) => [...form.elements, ...form.querySelectorAll('input[type=image]')];
  const called = (controls, name) => controls.find((control) => control.name === name) || controls.find((control) => control.id === name);
  const buttonOf = (controls, wanted) => {
    const buttons = controls.filter(submits);
    if (!wanted) return buttons[0];
    const said = line(wanted, 500).toLowerCase();
    return buttons.find((button) => button.name === wanted) || buttons.find((button) => button.id === wanted)
      || buttons.find((button) => words(button).toLowerCase() === said);
  };
  // The form that is meant, as the engine without a browser finds it; without any form, the
  // fields and buttons that stand in the page by themselves.
  const formOf = (a) => {
    const names = [...a.fields.map((field) => field[0]), ...a.choose.map((field) => field[0])];
    const asked = [names.length ? `the field${names.length === 1 ? '' : 's'} ${names.join(', ')}` : '', a.button ? `a button \`${a.button}\`` : ''].filter(Boolean).join(' and ');
    const forms = every('form').slice(0, 500);
    if (a.form) {
      const found = every(a.form);
      const form = found.map((element) => element.closest('form')).find(Boolean) || found.map((element) => element.querySelector('form')).find(Boolean);
      return form ? { form, controls: controlsOf(form) } : { problem: `no form matches \`${a.form}\``, later: true };
    }
    const fits = (controls) => names.every((name) => called(controls, name)) && (!a.button || buttonOf(controls, a.button));
    let fitting = forms.filter((form) => fits(controlsOf(form)));
    if (fitting.length > 1 && fitting.some(visible)) fitting = fitting.filter(visible);
    const looks = (form) => JSON.stringify([form.getAttribute('action'), form.method, controlsOf(form).map((control) => control.name)]);
    if (fitting.length && fitting.every((form) => looks(form) === looks(fitting[0]))) return { form: fitting[0], controls: controlsOf(fitting[0]) };
    if (fitting.length > 1) return { problem: `${fitting.length} forms have ${asked || 'been named: several are there'}; \`form\` must name one by a CSS selector`, later: true };
    const loose = every('input,select,textarea,button').filter((control) => !control.form);
    const press = (wanted) => {
      const buttons = loose.filter((control) => isButton(control) && !control.disabled);
      const said = line(wanted, 500).toLowerCase();
      return wanted ? buttons.find((button) => button.name === wanted || button.id === wanted || words(button).toLowerCase() === said) : null;
    };
    if (names.length && names.every((name) => called(loose, name)) && (!a.button || press(a.button))) return { form: null, controls: loose, button: press(a.button) };
    if (!forms.length) return { problem: loose.length ? 'the page has input fields but no form: a script sends them' : 'the page has no form', later: true };
    return { problem: `no form has ${asked || 'been named'}`, later: true };
  };

  const why = (control) => control.validity.valueMissing ? 'must be filled in' : control.validity.typeMismatch ? 'is not of the kind that the page asks for' : 'is not accepted by the page';

  const acts = {
    locate: (a) => {
      const element = one(a.selector);
      if (!element) return { missing: true };
      if (element.disabled) return { disabled: true };
      stay(element);
      globalThis.chosen = element;
      return { found: true, ...point(element) };
    },
    press: () => { globalThis.chosen.click(); return {}; },
    // Ready to be typed into.
    focus: (a) => {
      const element = one(a.selector);
      if (!element) return { missing: true };
      const control = element.localName === 'label' && element.control ? element.control : element;
      const typed = control.localName === 'textarea' || control.isContentEditable || control.localName === 'input';
      if (!typed && control.localName !== 'select') return { problem: `\`${a.selector}\` is a ${control.localName}, and nothing can be filled in there` };
      if (control.disabled || control.readOnly) return { disabled: true };
      globalThis.chosen = control;
      const password = control.type === 'password';
      if (control.localName === 'select' || ['checkbox', 'radio', 'file', 'color', 'range', 'date', 'time', 'month', 'week', 'datetime-local', 'hidden'].includes(control.type)) return { found: true, by: 'set', password };
      point(control);
      control.focus();
      if (control.select) control.select(); else { const all = control.ownerDocument.createRange(); all.selectNodeContents(control); const chosen = control.ownerDocument.getSelection(); chosen.removeAllRanges(); chosen.addRange(all); }
      return { found: true, by: 'type', password };
    },
    // After typing: whether it arrived; the value itself stays here.
    typed: (a) => {
      const control = globalThis.chosen, now = control.isContentEditable ? control.textContent : control.value;
      if (now !== a.value && !(now && a.value)) return acts.set(a);
      control.dispatchEvent(new Event('change', { bubbles: true }));
      return {};
    },
    set: (a) => {
      const control = globalThis.chosen, name = a.selector;
      if (control.type === 'checkbox' || control.type === 'radio') {
        const off = ['', 'false', 'off', 'no', '0'].includes(a.value.toLowerCase());
        return { problem: choose(control, name, [control], off ? { off } : { on: true }) };
      }
      return { problem: set(control, name, a.value) };
    },
    // A form filled in; where to press, or `sends`: nothing is to be pressed.
    form: (a) => {
      const found = formOf(a);
      if (found.problem) return found;
      for (const [name, value] of a.fields) {
        const control = called(found.controls, name);
        if (!control) return { problem: `the form has no field \`${name}\`` };
        const choice = ['checkbox', 'radio'].includes(control.type);
        const group = found.controls.filter((other) => other.name === control.name);
        const problem = choice ? choose(control, name, group, { value }) : set(control, name, value);
        if (problem) return { problem };
      }
      for (const [name, choice] of a.choose) {
        const control = called(found.controls, name);
        if (!control) return { problem: `the form has no field \`${name}\`` };
        const problem = choose(control, name, found.controls.filter((other) => other === control || (control.name && other.name === control.name)), choice);
        if (problem) return { problem };
      }
      const password = found.controls.some((control) => control.type === 'password');
      const tokens = found.controls.filter((control) => control.type === 'hidden' && control.value.length >= 16).map((control) => control.value.slice(0, 4000)).slice(0, 50);
      const button = found.button || (found.form && buttonOf(found.controls, a.button));
      if (a.button && !button) return { problem: `the form has no button \`${a.button}\`` };
      if (found.form && !found.form.noValidate && !(button && button.formNoValidate)) {
        const wrong = [...found.form.elements].filter((control) => control.willValidate && !control.validity.valid).slice(0, 10);
        if (wrong.length) return { invalid: wrong.map((control) => `\`${line(control.name || control.id || label(control), 60)}\` ${why(control)}`) };
      }
      if (found.form) stay(button || found.form);
      const names = found.controls.map((control) => control.name).filter(Boolean).slice(0, 50);
      globalThis.chosen = button || found.form || called(found.controls, a.fields[a.fields.length - 1][0]);
      const how = button ? { found: true, ...point(button) } : found.form ? { sends: true } : { enter: true };
      if (how.enter) globalThis.chosen.focus();
      return { ...how, password, tokens, names };
    },
    send: () => { globalThis.chosen.requestSubmit(); return {}; },
    there: (a) => ({ found: (!a.selector || !!one(a.selector)) && (!a.text || acts.text({}).text.includes(line(a.text, 10000))) }),
    has: (a) => ({ found: every(a.selector).length > 0 }),
    text: () => ({
      text: line(roots().map((root) => root.body ? root.body.innerText : root.host ? [...root.childNodes].map((child) => child.nodeType === 3 ? child.data : child.nodeType === 1 && child.checkVisibility() ? child.innerText || '' : '').join(' ') : '').join(' '), 2000000),
    }),
    page: () => ({
      url: location.href, ...acts.text({}),
      html: document.documentElement ? document.documentElement.outerHTML.slice(0, 4000000) : '',
    }),
    // What there is to press and to fill in, in words.
    offer: () => {
      const tell = (element, said) => { const place = short(element); return said ? `\u201c${said}\u201d${place ? ` (${place})` : ''}` : place; };
      const some = (selector, said) => [...new Set(every(selector).filter(visible).map((element) => tell(element, said(element))).filter(Boolean))];
      const buttons = some('button,input[type=submit],input[type=button],input[type=image],[role=button],[role=menuitem],summary', words);
      const inputs = some('input:not([type=hidden]):not([type=submit]):not([type=button]):not([type=image]):not([type=reset]),select,textarea,[contenteditable=""],[contenteditable=true]', label);
      const links = some('a[href]', words);
      return { buttons: buttons.slice(0, 15), inputs: inputs.slice(0, 15), links: links.slice(0, 10) };
    },
    // Seconds until the page leads on by itself.
    refresh: () => {
      const meta = document.querySelector('meta[http-equiv=refresh i]');
      const seconds = meta ? parseFloat(meta.content) : NaN;
      return { seconds: /url/i.test(meta ? meta.content : '') && seconds >= 0 ? seconds : null };
    },
    request: async (a) => {
      try {
        const body = a.body === null ? undefined : a.body;
        const answer = await fetch(a.url, { method: a.method, headers: a.headers, body, credentials: 'include', signal: AbortSignal.timeout(9000) });
        const text = (await answer.text()).slice(0, 1 << 20);
        return { status: answer.status, url: answer.url, type: answer.headers.get('content-type') || '', text };
      } catch (error) {
        return { problem: error.name === 'TimeoutError' ? 'no answer came within 9 s' : 'the browser did not let the page ask', name: error.name };
      }
    },
    storage: () => {
      const take = (storage) => {
        const items = [];
        for (let at = 0; at < storage.length && at < 1000; at++) items.push([storage.key(at), storage.getItem(storage.key(at))]);
        return items.filter(([key, value]) => key.length < 1000 && value.length < 200000);
      };
      const read = (of) => { try { return take(of()); } catch { return []; } };
      return { origin: self.origin, local: read(() => localStorage), session: read(() => sessionStorage) };
    },
    store: (a) => {
      let refused = 0;
      for (const [local, key, value] of a.items) {
        try { (local ? localStorage : sessionStorage).setItem(key, value); } catch { refused++; }
      }
      return { refused };
    },
    links: () => {
      const found = every('a[href],area[href]').slice(0, 5000);
      const shownText = found.map((link) => line(link.innerText, 80));
      const has = (link, ...names) => names.some((name) => link.hasAttribute(name));
      const says = (link, ...names) => names.map((name) => link.getAttribute(name) || '').find(Boolean) || '';
      return { links: found.map((link, at) => {
        const picture = link.firstElementChild && link.querySelector('img[alt],[aria-label],[title]');
        const named = says(link, 'title') || (picture ? says(picture, 'alt', 'aria-label', 'title') : '');
        const method = says(link, 'data-method', 'data-turbo-method') || (has(link, 'data-post', 'hx-post', 'hx-put', 'hx-patch', 'hx-delete') ? 'post' : '');
        return [String(link.href).slice(0, 4000), shownText[at], line(says(link, 'aria-label'), 80), line(named, 80), method.slice(0, 10),
          has(link, 'data-confirm', 'data-turbo-confirm', 'hx-confirm'), says(link, 'onclick').slice(0, 500), has(link, 'download')];
      }) };
    },
  };
  return async (what, a) => {
    try { return await acts[what](a); } catch (error) {
      return { problem: error instanceof DOMException && error.name === 'SyntaxError' ? `\`${a.selector || a.form}\` is no CSS selector` : 'the page did not let it be done', later: error instanceof TypeError };
    }
  };
})()
