/* Loads htmx from the CDN tag or, when that fails, is tampered with or stays silent for 1.5 s,
   from our own copy at once. A copy that arrives between DOMContentLoaded and load would stay dead,
   so the event is announced again. The failure is remembered for a day: cookie cdn=0. */
(() => {
  const { local, own } = document.currentScript.dataset;
  let done = false;
  const kick = () => {
    if (document.readyState === 'interactive' && window.htmx) document.dispatchEvent(new Event('DOMContentLoaded'));
  };
  const load = () => {
    const script = document.createElement('script');
    script.onload = kick;
    script.src = local;
    document.head.append(script);
  };
  const fall = () => {
    if (done || window.htmx) return;
    done = true;
    const tag = document.getElementById('hx-cdn');
    if (tag) document.implementation.createHTMLDocument('').adoptNode(tag); // a late copy can no longer run
    document.cookie = 'cdn=0;path=/;max-age=86400;samesite=lax';
    load();
  };
  if (own) return load();
  document.addEventListener('error', e => { if (e.target.id === 'hx-cdn') fall(); }, true);
  document.addEventListener('load', e => { if (e.target.id === 'hx-cdn') kick(); }, true);
  setTimeout(fall, 1500);
})();
