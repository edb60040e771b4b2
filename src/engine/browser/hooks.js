// Tells who writes what: runs in every frame before any script of the page. BINDING is replaced by
// a random name, taken over and removed from the window, so that the page can neither see nor use it.
(() => {
  'use strict';
  const global = globalThis, tell = global['BINDING'];
  if (typeof tell !== 'function') return;
  delete global['BINDING'];
  // Pristine copies: the page may replace any of these later. Objects made here have no prototype
  // where it matters, since Object.prototype is the page's as well.
  const { apply, getOwnPropertyDescriptor, defineProperty, deleteProperty, has, setPrototypeOf } = Reflect;
  const stringify = JSON.stringify, ErrorOf = Error, text = String, slice = String.prototype.slice;
  const getterOf = (owner, property) => { const found = owner && getOwnPropertyDescriptor(owner, property); return found && found.get; };
  const documents = global.Document && Document.prototype;
  const urlOf = getterOf(documents, 'URL'), viewOf = getterOf(documents, 'defaultView');
  const parentOf = getterOf(global, 'parent'), originOf = getterOf(global, 'origin'), sessionOf = getterOf(global, 'sessionStorage');
  const stackOf = getterOf(ErrorOf.prototype, 'stack');
  // A worker that outlives its page has a clock of its own.
  const now = Date.now, timed = !!documents || !!global.DedicatedWorkerGlobalScope;
  const cut = (value, most) => apply(slice, text(value), [0, most]);

  // A page may say how stacks are to be written (Error.prepareStackTrace, also by inheritance) and how
  // long; for this one it may not. Where that cannot be put aside, none is better than the page's.
  const put = (name, descriptor) => descriptor ? defineProperty(ErrorOf, name, descriptor) : deleteProperty(ErrorOf, name);
  const plain = (value) => ({ __proto__: null, value, writable: true, enumerable: true, configurable: true });
  const own = (name) => { const found = getOwnPropertyDescriptor(ErrorOf, name); if (found) setPrototypeOf(found, null); return found; };
  const stackHere = () => {
    const prepare = own('prepareStackTrace'), limit = own('stackTraceLimit');
    if (!put('prepareStackTrace', plain(undefined)) && has(ErrorOf, 'prepareStackTrace')) return '';
    const short = !limit || !(limit.value >= 10);
    if (short) put('stackTraceLimit', plain(10));
    try {
      const error = new ErrorOf(), stack = stackOf ? apply(stackOf, error, []) : error.stack;
      return typeof stack === 'string' ? cut(stack, 4000) : '';
    } finally {
      put('prepareStackTrace', prepare);
      if (short) put('stackTraceLimit', limit);
    }
  };

  // The address that cookies go by. An empty or inline frame has that of the page around it.
  const isWeb = (href) => apply(slice, href, [0, 4]) === 'http';
  const addressOf = (document) => {
    let href = document && urlOf ? apply(urlOf, document, []) : location.href;
    let frame = (document && viewOf && apply(viewOf, document, [])) || global;
    try {
      for (let depth = 0; parentOf && depth < 20 && !isWeb(href); depth++) {
        const above = apply(parentOf, frame, []);
        if (above === frame) break;
        frame = above;
        href = frame.location.href;
      }
    } catch { /* another origin's */ }
    return href;
  };

  const report = (kind, fields, document) => {
    try {
      const origin = originOf ? apply(originOf, global, []) : self.origin;
      tell(stringify({ __proto__: null, ...fields, kind, stack: stackHere(), page: cut(addressOf(document), 8000), origin, at: timed ? now() : null }));
    } catch { /* telling must never change what the page does */ }
  };

  // What is written is made a text once, so that the browser gets what was told.
  const watchSetter = (owner, property, onWrite) => {
    const found = owner && getOwnPropertyDescriptor(owner, property);
    if (!found || !found.set) return;
    const { get, set } = found;
    const replacement = { ...found, set(value) { const line = `${value}`; onWrite(line, this); return apply(set, this, [line]); } };
    if (get) replacement.get = function () { return apply(get, this, []); };
    defineProperty(owner, property, replacement);
  };
  const watchMethod = (owner, name, onCall) => {
    const original = owner && owner[name];
    if (typeof original !== 'function') return;
    const wrapped = { [name](...args) { try { apply(onCall, this, args); } catch { /* as above */ } return apply(original, this, args); } }[name];
    defineProperty(owner, name, { value: wrapped, writable: true, configurable: true, enumerable: true });
  };

  watchSetter(documents, 'cookie', (line, document) => report('document-cookie', { line: cut(line, 20000) }, document));

  const store = global.CookieStore && CookieStore.prototype;
  watchMethod(store, 'set', (name, value) => {
    const cookie = typeof name === 'object' && name !== null ? name : { __proto__: null, name, value };
    report('cookie-store', {
      name: cut(cookie.name, 5000), value: cut(cookie.value, 5000), domain: cookie.domain == null ? null : text(cookie.domain),
      path: cookie.path == null ? '/' : text(cookie.path), expires: cookie.expires == null ? null : +cookie.expires,
      sameSite: cookie.sameSite == null ? 'strict' : text(cookie.sameSite), partitioned: !!cookie.partitioned,
    });
  });
  watchMethod(store, 'delete', (name) => {
    const cookie = typeof name === 'object' && name !== null ? name : { __proto__: null, name };
    report('cookie-store', {
      name: cut(cookie.name, 5000), value: '', domain: cookie.domain == null ? null : text(cookie.domain),
      path: cookie.path == null ? '/' : text(cookie.path), expires: 0, sameSite: 'strict', partitioned: !!cookie.partitioned,
    });
  });

  watchMethod(global.Storage && Storage.prototype, 'setItem', function (key, value) {
    let kind = 'local-storage';
    try { if (sessionOf && this === apply(sessionOf, global, [])) kind = 'session-storage'; } catch { /* denied: it is not that one */ }
    report(kind, { name: cut(key, 1000), value: cut(value, 5000) });
  });
  watchMethod(global.IDBFactory && IDBFactory.prototype, 'open', (name) => report('indexed-db', { name: cut(name, 1000), value: '' }));
  watchMethod(global.CacheStorage && CacheStorage.prototype, 'open', (name) => report('cache-storage', { name: cut(name, 1000), value: '' }));

  const databaseOf = getterOf(global.IDBDatabase && IDBDatabase.prototype, 'name');
  watchMethod(global.IDBDatabase && IDBDatabase.prototype, 'createObjectStore', function (name) {
    report('indexed-db', { name: cut(apply(databaseOf, this, []), 1000), value: '', detail: `object store ${cut(name, 200)}` });
  });

  // What may come by and by: whoever has told this once does not tell it again.
  const said = { __proto__: null };
  const say = (kind) => {
    if (said[kind]) return;
    said[kind] = true;
    tell(stringify({ __proto__: null, kind }));
  };

  // A page with nothing to load may still be about to write: timers that go off soon are waited for, and
  // where none is left, there is nothing to wait for.
  let timers = 0, soon = 0;
  const onTimer = (_, delay) => {
    const waits = typeof delay === 'object' || typeof delay === 'symbol' ? NaN : +delay || 0;
    if (waits !== waits || timers >= 50) say('restless');
    const isSoon = waits >= 400 && waits <= 3000 && soon < 50;
    if (isSoon) soon += 1;
    if (timers < 50 || isSoon) {
      timers += 1;
      tell(stringify({ __proto__: null, kind: 'timer', delay: waits > 0 ? waits >>> 0 : 0 }));
    }
  };
  watchMethod(global, 'setTimeout', onTimer);
  watchMethod(global, 'setInterval', (callback, delay) => { say('restless'); onTimer(callback, delay); });

  // What goes by time and is no timer, or may hide what is.
  const restless = () => say('restless');
  watchMethod(global.Scheduler && Scheduler.prototype, 'postTask', restless);
  watchMethod(global.AbortSignal, 'timeout', restless);
  watchMethod(global.Atomics, 'waitAsync', restless);
  watchMethod(global.AudioScheduledSourceNode && AudioScheduledSourceNode.prototype, 'start', restless);
  watchMethod(global.HTMLMediaElement && HTMLMediaElement.prototype, 'play', restless);
  watchMethod(global.RTCPeerConnection && RTCPeerConnection.prototype, 'setLocalDescription', restless);
  watchMethod(global.Element && Element.prototype, 'attachShadow', restless);

  // Who wants to know what is in sight or that the mouse moves, or hear of the page's end.
  watchMethod(global.IntersectionObserver && IntersectionObserver.prototype, 'observe', () => say('scrolls'));
  watchMethod(global, 'fetchLater', () => say('parting'));
  const SCROLLS = ['scroll', 'scrollend', 'scrollsnapchange', 'scrollsnapchanging', 'contentvisibilityautostatechange'];
  const MOVES = ['mousemove', 'pointermove'];
  const PARTING = ['pagehide', 'unload', 'beforeunload', 'visibilitychange', 'webkitvisibilitychange', 'freeze', 'pageswap', 'storage'];
  const cookies = global.cookieStore, channels = global.BroadcastChannel && BroadcastChannel.prototype, isAbove = Object.prototype.isPrototypeOf;
  const events = { __proto__: null };
  for (const type of SCROLLS) events[type] = 'scrolls';
  for (const type of MOVES) events[type] = 'moves';
  for (const type of PARTING) events[type] = 'parting';
  const owners = [global, documents, global.HTMLElement && HTMLElement.prototype, global.SVGElement && SVGElement.prototype, global.HTMLBodyElement && HTMLBodyElement.prototype, global.HTMLFrameSetElement && HTMLFrameSetElement.prototype];
  const onAny = [[global.CookieStore && CookieStore.prototype, 'change'], [channels, 'message']];
  for (const type in events) for (const owner of owners) onAny[onAny.length] = [owner, type];
  for (const [owner, type] of onAny) {
    const name = `on${type}`, found = owner && getOwnPropertyDescriptor(owner, name);
    if (!found || !found.set || !found.configurable) continue;
    const { get, set } = found;
    defineProperty(owner, name, { ...found, get() { return apply(get, this, []); }, set(value) { say(events[type] || 'parting'); return apply(set, this, [value]); } });
  }

  // Drawing and idle moments come in real time, whatever the page's clock says.
  let drawn = false;
  const onDrawing = () => {
    if (!drawn) {
      drawn = true;
      tell(stringify({ __proto__: null, kind: 'drawing' }));
    }
  };
  watchMethod(global, 'requestAnimationFrame', onDrawing);
  watchMethod(global, 'requestIdleCallback', onDrawing);

  // Whoever asks for a service worker is answered by it, in real time, some day.
  watchMethod(global.ServiceWorkerContainer && ServiceWorkerContainer.prototype, 'register', () => {
    tell(stringify({ __proto__: null, kind: 'service-worker' }));
  });

  // A page that wants to know when it is left is told, and gets the time to say goodbye.
  watchMethod(global.EventTarget && EventTarget.prototype, 'addEventListener', function (type) {
    const kind = typeof type === 'string' ? events[type] : 'parting';
    if (kind || (cookies && this === cookies) || (channels && apply(isAbove, channels, [this]))) say(kind || 'parting');
    if (type === 'pagehide') say('leaving');
  });
})();
