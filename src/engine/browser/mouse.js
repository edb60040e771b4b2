// The mouse's first move. Whether the page grew by it at once, or has an attribute that waits for it.
async () => {
  const elements = () => document.getElementsByTagName('*').length, before = elements();
  const at = { bubbles: true, cancelable: true, clientX: 9, clientY: 9, movementX: 1 };
  try {
    for (const [kind, of] of [['pointermove', PointerEvent], ['mousemove', MouseEvent]]) {
      (document.body || document).dispatchEvent(new of(kind, at));
    }
  } catch { /* a document without such events */ }
  await null;
  return elements() !== before || !!document.querySelector('[onmousemove],[onpointermove]');
}
