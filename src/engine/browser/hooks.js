// Tells who writes what: runs in every frame before any script of the page. BINDING is replaced by
// a random name, taken over and removed from the window, so that the page can neither see nor use it.
(() => {
  'use strict';
  const tell = globalThis['BINDING'];
  if (typeof tell !== 'function') return;
  delete globalThis['BINDING'];
  // Pristine copies: the page may replace any of these later.
  const { apply, getOwnPropertyDescriptor, defineProperty } = Reflect;
  const stringify = JSON.stringify, ErrorOf = Error, text = String, slice = String.prototype.slice;
  const cut = (value, most) => apply(slice, text(value), [0, most]);

  const report = (kind, fields) => {
    try {
      const stackOf = new ErrorOf();
      fields.kind = kind;
      fields.stack = cut(stackOf.stack || '', 4000);
      fields.page = cut(location.href, 8000);
      fields.origin = self.origin;
      tell(stringify(fields));
    } catch { /* telling must never change what the page does */ }
  };

  const watchSetter = (owner, property, onWrite) => {
    const found = owner && getOwnPropertyDescriptor(owner, property);
    if (!found || !found.set) return;
    const { get, set } = found;
    const replacement = { ...found, set(value) { onWrite(value); return apply(set, this, [value]); } };
    if (get) replacement.get = function () { return apply(get, this, []); };
    defineProperty(owner, property, replacement);
  };
  const watchMethod = (owner, name, onCall) => {
    const original = owner && owner[name];
    if (typeof original !== 'function') return;
    const wrapped = { [name](...args) { try { apply(onCall, this, args); } catch { /* as above */ } return apply(original, this, args); } }[name];
    defineProperty(owner, name, { value: wrapped, writable: true, configurable: true, enumerable: true });
  };

  watchSetter(globalThis.Document && Document.prototype, 'cookie', (line) => report('document-cookie', { line: cut(line, 20000) }));

  const store = globalThis.CookieStore && CookieStore.prototype;
  watchMethod(store, 'set', (name, value) => {
    const cookie = typeof name === 'object' && name !== null ? name : { name, value };
    report('cookie-store', {
      name: cut(cookie.name, 5000), value: cut(cookie.value, 5000), domain: cookie.domain == null ? null : text(cookie.domain),
      path: cookie.path == null ? '/' : text(cookie.path), expires: cookie.expires == null ? null : Number(cookie.expires),
      sameSite: cookie.sameSite == null ? 'strict' : text(cookie.sameSite), partitioned: !!cookie.partitioned,
    });
  });
  watchMethod(store, 'delete', (name) => {
    const cookie = typeof name === 'object' && name !== null ? name : { name };
    report('cookie-store', {
      name: cut(cookie.name, 5000), value: '', domain: cookie.domain == null ? null : text(cookie.domain),
      path: cookie.path == null ? '/' : text(cookie.path), expires: 0, sameSite: 'strict', partitioned: !!cookie.partitioned,
    });
  });

  watchMethod(globalThis.Storage && Storage.prototype, 'setItem', function (key, value) {
    let kind = 'local-storage';
    try { if (this === sessionStorage) kind = 'session-storage'; } catch { /* denied: it is not that one */ }
    report(kind, { name: cut(key, 1000), value: cut(value, 5000) });
  });
  watchMethod(globalThis.IDBFactory && IDBFactory.prototype, 'open', (name) => report('indexed-db', { name: cut(name, 1000), value: '' }));
  watchMethod(globalThis.CacheStorage && CacheStorage.prototype, 'open', (name) => report('cache-storage', { name: cut(name, 1000), value: '' }));
})();
