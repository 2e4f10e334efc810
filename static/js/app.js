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
  // Taps on the roster wait on this phone while there is no network: each is sent once, with how
  // many seconds ago it was. Kept are numbers only, no names.
  const kept = () => JSON.parse(localStorage.getItem('kept') || '[]');
  const keep = list => {
    localStorage.setItem('kept', JSON.stringify(list));
    const note = $('#kept');
    if (note) { note.hidden = !list.length; note.textContent = note.dataset.kept.replace('N', list.length); }
  };
  for (const name of ['htmx:sendError', 'htmx:timeout']) addEventListener(name, e => {
    const form = e.target.closest('[data-keep]');
    if (!form) return toast(T.net, 8000);
    const { person_id, status } = Object.fromEntries(e.detail.requestConfig.formData);
    keep([...kept(), { to: form.getAttribute('action'), person_id, status, at: Date.now() }]);
    form.textContent = '…';
  });
  let sending;
  const send = async () => {
    const [first, ...rest] = kept();
    if (!first || sending || !navigator.onLine) return;
    sending = true;
    const body = new URLSearchParams({ person_id: first.person_id, status: first.status, ago: Math.round((Date.now() - first.at) / 1000) });
    try {
      const answer = await fetch(first.to, { method: 'POST', body, headers: { 'HX-Request': 'true', 'X-CSRFToken': $('meta[name=csrf-token]').content } });
      // A refusal stands; an expired session or a broken server is no answer.
      if (answer.ok || [404, 409, 410, 422].includes(answer.status)) {
        keep(kept().slice(1));
        if (!answer.ok) toast(T.bad, 8000);
        if (!rest.length) location.reload();
      }
    } catch { /* still no network */ }
    sending = false;
    if (rest.length) setTimeout(send, 200);
  };
  if ($('#kept')) { keep(kept()); send(); addEventListener('online', send); setInterval(send, 5000); }
  const awake = () => document.body.dataset.awake && document.visibilityState === 'visible' && navigator.wakeLock?.request('screen').catch(() => {});
  addEventListener('visibilitychange', awake);
  awake();
  addEventListener('offline', () => toast(T.off, 60000));
  addEventListener('online', () => toast(''));
  // A page that comes back from the history never shows stale places.
  addEventListener('pageshow', e => { if (e.persisted && document.body.dataset.live) location.reload(); });
  addEventListener('click', e => { if (e.target.closest('[data-print]')) { e.preventDefault(); print(); } });
  addEventListener('change', e => { if (e.target.closest('[data-submit]')) e.target.form.requestSubmit(); });
})();
