/* Enhancements only; each page works without this file. */
(() => {
  const $ = s => document.querySelector(s);
  const zh = document.documentElement.lang !== 'en';
  const T = zh
    ? { net: '网络不稳，没有保存。请再试一次。', bad: '没有成功，请稍后再试。', off: '当前离线，内容可能不是最新。' }
    : { net: 'Connection problem. Nothing was saved, try again.', bad: 'That did not work. Please try again later.', off: 'You are offline. This page may be out of date.' };
  let timer;
  const toast = (text, ms = 6000) => {
    const box = $('#toast');
    if (!box) return;
    box.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => { box.textContent = ''; }, ms);
  };
  addEventListener('htmx:configRequest', e => {
    const meta = $('meta[name=csrf-token]');
    if (meta) e.detail.headers['X-CSRFToken'] = meta.content;
  });
  for (const name of ['htmx:sendError', 'htmx:timeout']) addEventListener(name, () => toast(T.net, 8000));
  addEventListener('htmx:responseError', () => toast(T.bad, 8000));
  const focus = () => {
    const mark = $('[data-focus]');
    if (mark) { mark.removeAttribute('data-focus'); mark.focus(); }
  };
  addEventListener('htmx:afterSettle', () => {
    focus();
    const said = $('[data-say]');
    if (said) { toast(said.dataset.say); said.removeAttribute('data-say'); }
  });
  focus();
  addEventListener('offline', () => toast(T.off, 60000));
  addEventListener('online', () => toast(''));
  // A page that comes back from the history never shows stale places.
  addEventListener('pageshow', e => { if (e.persisted && document.body.dataset.live) location.reload(); });
  addEventListener('click', e => { if (e.target.closest('[data-print]')) { e.preventDefault(); print(); } });
  addEventListener('change', e => { if (e.target.closest('[data-submit]')) e.target.form.requestSubmit(); });
})();
