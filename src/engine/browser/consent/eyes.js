// The eyes and hands of the consent question, in a world of their own. They tell what boxes lie above the page, what is
// read in them and what can be pressed there; what it means is judged elsewhere. A box or a control is told only if a
// visitor sees it: in the viewport, opaque through all that it stands in, and not cut away.
(() => {
  'use strict';
  const MOST = { elements: 50000, roots: 400, boxes: 60, controls: 150, nodes: 6000, text: 6000, label: 120, wide: 600, siblings: 200, large: 20000 };
  const CONTROLS = 'button,a,area,summary,input[type=button],input[type=submit],input[type=image],[role=button],[role=link],[role=menuitem],[onclick]';
  const SWITCHES = 'input[type=checkbox],[role=switch],[role=checkbox]';
  const FILLED_IN = 'input:not([type]),input[type=text],input[type=email],input[type=password],input[type=search],input[type=tel],input[type=url],input[type=number],input[type=date],textarea,select';
  const UNREAD = new Set(['script', 'style', 'noscript', 'template', 'head', 'option', 'object', 'embed', 'video', 'audio', 'canvas']);
  let elements = [], closed = new Map(), styles = new Map(), opacities = new Map();

  const remember = (element) => { const known = elements.indexOf(element); return known >= 0 ? known : elements.push(element) - 1; };
  const line = (text, most) => String(text || '').replace(/\s+/g, ' ').trim().slice(0, most);
  const viewOf = (element) => element.ownerDocument.defaultView || window;
  const style = (element) => {
    let found = styles.get(element);
    if (!found) { found = viewOf(element).getComputedStyle(element); styles.set(element, found); }
    return found;
  };
  const rootOf = (element) => element.shadowRoot || closed.get(element);
  // What an element stands in, as it is drawn: its slot, its host, the frame.
  const up = (element) => {
    if (element.assignedSlot) return element.assignedSlot;
    if (element.parentElement) return element.parentElement;
    const root = element.getRootNode();
    if (root.host) return root.host;
    return (root.defaultView && root !== document && root.defaultView.frameElement) || null;
  };
  const within = (outer, inner) => { for (let at = inner, n = 0; at && n < 500; at = up(at), n++) if (at === outer) return true; return false; };
  const childrenOf = (element) => {
    const root = rootOf(element);
    if (root) return root.childNodes;
    if (element.localName === 'slot') { const given = element.assignedNodes(); if (given.length) return given; }
    return element.childNodes;
  };
  const inside = (frame) => { try { return frame.contentDocument; } catch { return null; } };

  const opacity = (element) => {
    if (opacities.has(element)) return opacities.get(element);
    const around = up(element), own = Number(style(element).opacity);
    const found = (Number.isFinite(own) ? own : 1) * (around ? opacity(around) : 1);
    opacities.set(element, found);
    return found;
  };
  const drawn = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) && opacity(element) > 0.1;
  // Of an element's box, what lies in the viewport.
  const inSight = (element) => {
    const view = viewOf(element), box = element.getBoundingClientRect();
    const left = Math.max(box.left, 0), top = Math.max(box.top, 0), right = Math.min(box.right, view.innerWidth), bottom = Math.min(box.bottom, view.innerHeight);
    return right > left && bottom > top ? { left, top, width: right - left, height: bottom - top } : null;
  };
  const lies = (element) => {
    const { position } = style(element);
    return position === 'fixed' || position === 'sticky' || element.matches('dialog[open],[role=dialog],[role=alertdialog],[aria-modal=true]');
  };
  const above = (element) => { for (let at = element; at; at = up(at)) if (lies(at)) return true; return false; };
  const inert = (element) => { const modal = element.ownerDocument.querySelector(':modal'); return (modal && !within(modal, element)) || !!element.closest('[inert]'); };
  // Whether it is really there at some point of what is in sight: not cut away by what it stands in, and not under the page.
  const there = (element, seen) => {
    if (style(element).pointerEvents === 'none' || inert(element)) return true;
    const root = element.getRootNode();
    for (const [x, y] of [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9], [0.2, 0.2], [0.8, 0.8]]) {
      const stack = root.elementsFromPoint(seen.left + seen.width * x, seen.top + seen.height * y);
      if (!stack.some((at) => within(element, at))) continue;
      if (within(element, stack[0]) || above(stack[0])) return true;
    }
    return false;
  };
  const frameShown = (element) => {
    const frame = viewOf(element).frameElement;
    return !frame || element.ownerDocument === document || shown(frame, 30, 10);
  };
  const shown = (element, width, height) => {
    if (!drawn(element)) return false;
    const seen = inSight(element);
    return !!seen && seen.width >= width && seen.height >= height && there(element, seen) && frameShown(element);
  };
  // It stands in the page's flow, where a visitor who scrolls comes to it.
  const inFlow = (element) => {
    for (let at = element, n = 0; at && n < 200; at = up(at), n++) {
      const own = style(at);
      if (!/static|relative/.test(own.position) || own.transform !== 'none' || own.clipPath !== 'none') return false;
      if (at !== document.documentElement && at !== document.body && own.overflowY !== 'visible') return false;
    }
    return true;
  };
  // A control that is drawn, and that a visitor sees or can scroll to within its box.
  const reachable = (control, box) => {
    if (!drawn(control)) return false;
    const own = control.getBoundingClientRect();
    if (own.width < 4 || own.height < 4) return false;
    let scrolls = false;
    for (let at = up(control), n = 0; at && n < 100; at = up(at), n++) {
      const { overflowX, overflowY } = style(at);
      if (/auto|scroll/.test(overflowY) && at.scrollHeight > at.clientHeight) scrolls = true;
      else if (!scrolls && /hidden|clip/.test(overflowX + overflowY)) {
        const cut = at.getBoundingClientRect();
        if (own.right <= cut.left + 1 || own.left >= cut.right - 1 || own.bottom <= cut.top + 1 || own.top >= cut.bottom - 1) return false;
      }
      if (at === box) break;
    }
    const seen = inSight(control);
    if (seen && !scrolls) return there(control, seen);
    const view = viewOf(control);
    return scrolls || (!seen && style(box).position !== 'fixed' && own.left < view.innerWidth && own.right > 0 && own.bottom > 0);
  };

  const drawnBefore = (element) => ['::before', '::after'].map((part) => {
    const { content, display } = viewOf(element).getComputedStyle(element, part);
    const said = /^"(.*)"$/s.exec(content || '');
    return said && display !== 'none' ? said[1] : '';
  });
  // What is read on an element and in it.
  const textOf = (element, most) => {
    const said = [];
    let left = 300, length = 0;
    const read = (node) => {
      if (left-- < 0 || length > most) return;
      if (node.nodeType === 3) { said.push(node.data); length += node.data.length; return; }
      if (node.nodeType !== 1 || UNREAD.has(node.localName) || style(node).display === 'none' || style(node).visibility === 'hidden') return;
      const [before, after] = drawnBefore(node);
      said.push(before);
      if (node.localName === 'img' && node.alt) said.push(node.alt);
      if (node.localName !== 'svg') for (const child of childrenOf(node)) read(child);
      const block = !style(node).display.startsWith('inline');
      said.push(after, block ? ' ' : '');
    };
    read(element);
    return line(said.join(''), most);
  };
  const labelOf = (control) => textOf(control, MOST.label) || line(control.localName === 'input' ? control.value : '', MOST.label);
  const nameOf = (control) => {
    const by = (control.getAttribute('aria-labelledby') || '').split(/\s+/).filter(Boolean).map((id) => control.getRootNode().getElementById(id)).filter(Boolean);
    return line(control.getAttribute('aria-label') || by.map((part) => part.textContent).join(' ') || control.getAttribute('title') || control.getAttribute('alt') || '', MOST.label);
  };
  const leaves = /(^|[^.\w])(window\.|document\.|self\.|top\.)?location(\.href)?\s*=|location\.(assign|replace)\(|\.submit\(|confirm\(/;
  // Where pressing leads: nowhere, to the same page again, or elsewhere, with the address then.
  const leadsTo = (control) => {
    const onclick = control.getAttribute('onclick') || '';
    if (leaves.test(onclick)) return { goes: 'script' };
    const link = control.closest('a[href],area[href]');
    if (!link || /^\s*(#|javascript:|$)/i.test(link.getAttribute('href'))) return { goes: '' };
    let to;
    try { to = new URL(link.href); } catch { return { goes: '' }; }
    const here = new URL(control.ownerDocument.baseURI.startsWith('http') ? control.ownerDocument.baseURI : location.href);
    if (link.target && !/^_(self|top|parent)$/i.test(link.target)) return { goes: 'window' };
    if (to.origin === here.origin && to.pathname === here.pathname) return { goes: to.search === here.search ? '' : 'same' };
    return { goes: to.origin === here.origin ? 'site' : 'elsewhere', to: to.pathname + to.search };
  };
  // The form that pressing sends: whether somebody fills it in, and where it goes.
  const sends = (control) => {
    const form = control.form || control.closest('form');
    const submits = control.localName === 'button' ? control.type === 'submit' : control.localName === 'input' && ['submit', 'image'].includes(control.type);
    if (!form || !submits) return {};
    const fills = [...form.elements].some((field) => field.matches(FILLED_IN) && !(field.localName === 'select'));
    return { fills, action: line(control.getAttribute('formaction') || form.getAttribute('action') || '', 300) };
  };
  const tell = (control, input, loose) => {
    const hint = input.accept.some((selector) => control.matches(selector)) ? 'accept' : input.reject.some((selector) => control.matches(selector)) ? 'reject' : null;
    return {
      id: remember(control), label: labelOf(control), name: nameOf(control), hint, loose: !!loose, ...leadsTo(control), ...sends(control),
      acts: control.matches('a[data-method],a[data-turbo-method],a[data-confirm],a[download],[data-method=delete]'),
      disabled: !!control.disabled || control.getAttribute('aria-disabled') === 'true',
    };
  };
  const kindOfField = (field) => {
    if (field.type === 'password' || field.type === 'email' || field.type === 'tel') return field.type;
    if (/cc-|card/i.test(field.autocomplete || '') || /card|iban|cvc/i.test(field.name || '')) return 'card';
    if (/mail/i.test([field.name, field.id, field.placeholder].join(' '))) return 'email';
    return field.type === 'search' || field.localName === 'select' ? 'search' : 'text';
  };
  const isOn = (box) => box.localName === 'input' ? box.checked : box.getAttribute('aria-checked') === 'true';
  const labelling = (box) => (box.labels && box.labels[0]) || box.closest('label') || box.closest('li,tr,section,fieldset');
  const switchOf = (box) => {
    const label = labelling(box);
    const said = [box.getAttribute('aria-label'), nameOf(box), box.name, box.value, box.id, label && textOf(label, 200)].filter(Boolean).join(' ');
    const fixed = !!box.disabled || box.getAttribute('aria-disabled') === 'true';
    return { id: remember(box), label: line(said, 300), on: isOn(box), fixed };
  };

  // Everything that is read and can be pressed in a box.
  const describe = (box, input) => {
    const said = [], linked = [], controls = [], switches = [], fields = [];
    let left = MOST.nodes, length = 0;
    const read = (node, linkedIn, controlled, pointed) => {
      if (left-- < 0) return;
      if (node.nodeType === 3) {
        if (length < MOST.text && node.data.trim()) { (linkedIn || controlled ? linked : said).push(node.data); length += node.data.length; }
        return;
      }
      if (node.nodeType !== 1 || UNREAD.has(node.localName)) return;
      const own = style(node);
      if (own.display === 'none' || Number(own.opacity) < 0.05) return;
      if (own.visibility === 'hidden' && !node.childElementCount) return;
      const control = node !== box && node.matches(CONTROLS);
      const points = own.cursor === 'pointer' && !pointed && node !== box;
      const loose = !control && !controlled && !points && !rootOf(node) && node.childElementCount === 0 && node.textContent.trim().length > 0 && node.textContent.length <= 60;
      if (node.matches(SWITCHES)) {
        const label = labelling(node);
        if (reachable(node, box) || (label && reachable(label, box))) switches.push(switchOf(node));
      } else if (node.matches(FILLED_IN)) {
        if (drawn(node)) fields.push(kindOfField(node));
      } else if (node.isContentEditable && !controlled) fields.push('text');
      else if ((control || (points && node.localName !== 'label') || (loose && node.localName !== 'label')) && controls.length < MOST.controls && reachable(node, box)) {
        controls.push(tell(node, input, loose));
      }
      const into = control || (points && textOf(node, 100).length <= 60);
      const words = into || linkedIn ? linked : said;
      if (node.localName === 'img' && node.alt) words.push(node.alt);
      if (node === box && node.getAttribute('aria-label')) said.push(node.getAttribute('aria-label'));
      const [before, after] = length < MOST.text ? drawnBefore(node) : ['', ''];
      words.push(before);
      if (node.localName === 'svg') return;
      const document = node.localName === 'iframe' || node.localName === 'frame' ? inside(node) : null;
      if (document && document.body && shown(node, 30, 10)) read(document.body, linkedIn, controlled || into, false);
      const mute = own.visibility !== 'visible';
      for (const child of childrenOf(node)) if (!(mute && child.nodeType === 3)) read(child, linkedIn || node.localName === 'a', controlled || into, pointed || own.cursor === 'pointer');
      words.push(after, ' ');
    };
    read(box, false, false, style(box).cursor === 'pointer');
    return { said: line(said.join(' '), MOST.text), linked: line(linked.join(' '), MOST.text), controls, switches, fields: [...new Set(fields)] };
  };

  // Documents and shadow roots that can be walked.
  const rootsOf = (first) => {
    const roots = [...first];
    let walked = 0;
    const all = [];
    for (let at = 0; at < roots.length && roots.length < MOST.roots; at++) {
      const overlaid = roots[at].nodeType === 9 && roots[at] !== document && roots[at].defaultView && roots[at].defaultView.frameElement && above(roots[at].defaultView.frameElement);
      for (const element of roots[at].querySelectorAll('*')) {
        if (++walked > MOST.elements) return { roots, all };
        all.push(element);
        if (element.shadowRoot) roots.push(element.shadowRoot);
        if (element.localName === 'iframe' || element.localName === 'frame') { const document = inside(element); if (document && document.body) roots.push(document); }
      }
      if (overlaid && roots[at].body) all.overlaid = [...(all.overlaid || []), roots[at].body];
    }
    return { roots, all };
  };
  const kindOf = (element) => {
    if (element.matches('dialog[open],[role=dialog],[role=alertdialog],[aria-modal=true]')) return 'dialog';
    try { if (element.matches(':popover-open')) return 'dialog'; } catch { /* an older browser */ }
    const own = style(element);
    if (own.position === 'fixed') return 'fixed';
    if (own.position === 'sticky') return 'sticky';
    if (own.position === 'absolute' && Number(own.zIndex) > 0) return 'absolute';
    return null;
  };
  // What stands before anything else in the page, across most of it.
  const first = () => {
    const found = [];
    let at = document.body;
    for (let depth = 0; at && depth < 8; depth++) {
      const next = [...at.children].slice(0, MOST.siblings).find((child) => !UNREAD.has(child.localName) && drawn(child) && child.getBoundingClientRect().height > 8 && textOf(child, 200).length > 40);
      if (!next) break;
      const box = next.getBoundingClientRect();
      if (box.top < 200 && box.width >= innerWidth / 2 && box.height <= innerHeight * 0.7 && textOf(next, 3000).length < 2500) found.push(next);
      at = next;
    }
    return found;
  };
  // The last thing in the page's flow that says something.
  const last = () => {
    const found = [];
    let at = document.body;
    for (let depth = 0; at && depth < 8; depth++) {
      const next = [...at.children].slice(-MOST.siblings).reverse().find((child) => !UNREAD.has(child.localName) && drawn(child) && child.getBoundingClientRect().height > 8 && textOf(child, 100).length > 11);
      if (!next) break;
      if (next.childElementCount && inFlow(next) && textOf(next, 1500).length < 1000) found.push(next);
      at = next;
    }
    return found;
  };
  // Whether markup in the page's flow calls itself a notice about cookies, and not the page of its settings.
  const called = (element) => {
    const name = [element.id, element.getAttribute('class'), element.getAttribute('aria-label')].filter((part) => typeof part === 'string').join(' ');
    if (!name || !/cookie|consent|gdpr|privacy|banner/i.test(name) || /setting|preference|policy|policies|manage|table|center|centre/i.test(name)) return false;
    return /banner|consent|gdpr|notice|notif|bar\b|popup|alert|messag|msg|law|prompt|toast|disclaimer|info|(^|\s)cookies?(\s|$)/i.test(name)
      && !/^(html|body|main|article)$/.test(element.localName) && !!element.querySelector(CONTROLS) && inFlow(element);
  };
  // Whether the page itself may be the question: a visitor who asked for another one was brought here, or this is the
  // site's first.
  const asksAlone = (asked) => {
    try { return !!asked && (location.pathname === '/' || new URL(asked).pathname !== location.pathname); } catch { return false; }
  };
  const moving = (found) => found.some((root) => {
    const all = root.getAnimations ? root.getAnimations() : [];
    return all.some((animation) => {
      const end = animation.effect && animation.effect.getComputedTiming().endTime;
      return animation.playState === 'running' && Number.isFinite(end) && end - (animation.currentTime || 0) < 5000;
    });
  });

  const look = (input, ...further) => {
    elements = []; styles = new Map(); opacities = new Map(); closed = new Map(further.map((root) => [root.host, root]));
    const { roots, all } = rootsOf([document, ...further]);
    const boxes = [], known = new Map();
    const add = (element, kind, name) => {
      if (known.has(element) || boxes.length >= MOST.boxes) return;
      if (element === element.ownerDocument.documentElement) return;
      const own = element.getBoundingClientRect();
      const met = () => shown(element, 30, 10) || (['dialog', 'platform', 'plan', 'called', 'last'].includes(kind) && drawn(element) && own.top >= innerHeight && own.left >= 0 && own.left < innerWidth && inFlow(element));
      const told = own.width >= 4 && own.height >= 4 ? met() && describe(element, input) : drawn(element) && frameShown(element) && describe(element, input);
      // A box without a size of its own is seen by what stands out of it.
      if (!told || ((own.width < 4 || own.height < 4) && !told.controls.length)) return;
      const view = viewOf(element), seen = inSight(element) || { width: 0, height: 0 };
      known.set(element, boxes.length);
      boxes.push({ kind, name: name || null, covers: seen.width * seen.height >= 0.9 * view.innerWidth * view.innerHeight, element, ...told });
    };
    if (input.plan) for (const root of roots) { let found = []; try { found = root.querySelectorAll(input.plan); } catch { break; } for (const element of found) add(element, 'plan'); }
    for (const [name, selector] of input.platforms) for (const root of roots) for (const element of root.querySelectorAll(selector)) add(element, 'platform', name);
    if (input.overlaid && document.body) add(document.body, 'fixed');
    for (const body of all.overlaid || []) add(body, 'fixed');
    for (const element of all) { const kind = kindOf(element); if (kind) add(element, kind); }
    for (const element of all) if (called(element)) add(element, 'called');
    for (const element of document.body ? first() : []) add(element, 'first');
    for (const element of document.body ? last() : []) add(element, 'last');
    if (document.body && asksAlone(input.asked)) add(document.body, 'whole');
    const told = boxes.map((box) => {
      let parent = null;
      for (let at = up(box.element); at; at = up(at)) if (known.has(at)) { parent = known.get(at); break; }
      const { element, ...rest } = box;
      return { ...rest, parent };
    });
    let wide = [];
    if (input.wide) {
      for (const element of all) {
        if (wide.length >= MOST.wide) break;
        if (element.matches(CONTROLS) && drawn(element) && element.getBoundingClientRect().width > 1 && textOf(element, 100).length < 70) wide.push(tell(element, input, false));
      }
    }
    return { boxes: told, wide, moving: moving(roots) };
  };
  // Elements in sight that may have a closed shadow root: what lies in one is met as its host.
  const hosts = () => {
    const found = new Set(), met = new Set();
    const meet = (root, x, y, depth) => {
      const at = root.elementFromPoint(x, y);
      if (!at || depth > 8) return;
      const inner = rootOf(at);
      if (inner && inner !== root) { meet(inner, x, y, depth + 1); return; }
      if (met.has(at)) return;
      met.add(at);
      const name = at.localName;
      const may = name.includes('-') || (/^(article|aside|blockquote|div|footer|h[1-6]|header|main|nav|p|section|span)$/.test(name)
        && ![...at.children].some((child) => child.getClientRects().length) && !at.innerText);
      if (may && !inner) found.add(at);
    };
    // Where very many elements stand, every point takes long.
    const [rows, columns] = document.getElementsByTagName('*').length > MOST.large ? [12, 4] : [30, 8];
    for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) meet(document, (column + 0.5) * innerWidth / columns, (row + 0.5) * innerHeight / rows, 0);
    return [...found].slice(0, 40);
  };
  const press = (id) => {
    const control = elements[id];
    if (!control || !control.isConnected) return false;
    control.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
    const view = viewOf(control), box = control.getBoundingClientRect();
    const at = { bubbles: true, cancelable: true, composed: true, view, clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
    control.dispatchEvent(new view.PointerEvent('pointerdown', { ...at, isPrimary: true }));
    control.dispatchEvent(new view.MouseEvent('mousedown', at));
    control.dispatchEvent(new view.PointerEvent('pointerup', { ...at, isPrimary: true }));
    control.dispatchEvent(new view.MouseEvent('mouseup', at));
    if (control.click) control.click(); else control.dispatchEvent(new view.MouseEvent('click', at));
    return true;
  };
  const turn = (id, on) => { const box = elements[id]; if (box && isOn(box) !== on) box.click(); return !!box && isOn(box) === on; };
  // How a frame stands in the page around it.
  const standing = (frame) => ({ walked: !!inside(frame), shown: shown(frame, 30, 10), above: above(frame) || !!kindOf(up(frame) || frame) });
  globalThis.consentQuestion = { look, hosts, press, turn, standing: (frame) => { styles = new Map(); opacities = new Map(); return standing(frame); } };
})()
