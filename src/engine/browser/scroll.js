// Scrolls to the end, and so do boxes that scroll on their own. After each step the page is drawn: only then is
// something in sight. A step ends with the frame behind it (two), behind what the page's own listeners do in the
// frame that tells them of it (one), or there is one step for all (glance), for pages that are not known to wait
// for anything to be in sight. Gives the number of steps; none: something does wait.
async (how) => {
  const AT_MOST = 1500, SOON = 300, MOST_STEPS = 20, MOST_BOXES = 10, MOST_LOOKED_AT = 3000;
  // A busy machine draws late. Where a frame did not come at all, the next ones are not waited for as long.
  let patience = AT_MOST;
  const within = (act) => new Promise((done) => {
    const late = setTimeout(() => { if (how !== 'one') patience = SOON; done(); }, patience);
    act(() => { clearTimeout(late); patience = AT_MOST; done(); });
  });
  const drawn = (done) => requestAnimationFrame(() => requestAnimationFrame(done));
  const two = (act) => within((done) => { drawn(done); if (act) act(); });
  const one = (act) => within((done) => {
    addEventListener('scroll', () => requestAnimationFrame(done), { once: true });
    drawn(done);
    act();
  });
  const step = innerHeight || 800, to = (top) => scrollTo({ top, left: 0, behavior: 'instant' });
  const height = () => document.documentElement.scrollHeight;
  const all = document.querySelectorAll('body *');
  if (how === 'glance') {
    if (all.length > MOST_LOOKED_AT || document.querySelector('[loading=lazy i],[onscroll],[onscrollend]')) return null;
    for (const e of all) if (getComputedStyle(e).contentVisibility === 'auto') return null;
    if (height() <= step) return 0;
    await two(() => to(height()));
    to(0);
    return 1;
  }
  let steps = 0, boxes = 0, looked = 0;
  if (height() > step) {
    for (let i = 1; i <= MOST_STEPS && i * step < height() + step; i++) {
      steps++;
      await (how === 'one' ? one : two)(() => to(i * step));
    }
    await two();
  }
  for (const e of all) {
    if (++looked > MOST_LOOKED_AT || boxes >= MOST_BOXES) break;
    if (e.scrollHeight < e.clientHeight + 50 || e.clientHeight < 50 || !/auto|scroll/.test(getComputedStyle(e).overflowY)) continue;
    boxes++;
    e.scrollIntoView();
    const top = e.scrollTop;
    for (let i = 1; i <= 5; i++) {
      e.scrollTop = i * e.scrollHeight / 5;
      steps++;
      await two();
    }
    e.scrollTop = top;
  }
  if (steps) to(0);
  return steps;
}
