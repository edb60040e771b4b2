// Whether nothing in the document goes by time; evaluated where the page is quiet, and answered behind
// every timer that is due by then, once there is nothing else to do: who keeps sending messages to himself
// is not still either. What belongs to the window and not to the page is put away, if asked.
(forget) => new Promise((answer) => setTimeout(() => requestIdleCallback((moment) => {
  if (moment.didTimeout) return answer(false);
  const KINDS = 'iframe,frame,object,embed,fencedframe,video,audio,marquee,animate,animateMotion,animateTransform,set,meta[http-equiv=refresh i],[onunload],[onbeforeunload],[onpagehide],[onpageswap],[onstorage]';
  const MOST = 20000;
  const all = document.getElementsByTagName('*');
  if (document.readyState !== 'complete' || all.length > MOST) return answer(false);
  if (document.querySelector(KINDS) || document.getAnimations().length) return answer(false);
  if (navigator.serviceWorker && navigator.serviceWorker.controller) return answer(false);
  for (const element of all) {
    if (element.shadowRoot) return answer(false);
  }
  if (forget) {
    try { sessionStorage.clear(); } catch { /* it has none */ }
    window.name = '';
  }
  answer(true);
}, { timeout: 500 })))
