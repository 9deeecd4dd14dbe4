// Installed before everything else: measures what a library does while the page waits for it. Each callback that its
// script hands to the browser is timed: of event listeners, and of mutation observers, which run before the click is
// done with. Whose a callback is, the stack tells at the moment it is handed over.
(() => {
  const measured = (window.__measured = { total: 0, clicks: [], on: "" });
  const ours = () => measured.on && new Error().stack.includes(measured.on);
  const timed = (callback) => {
    const run = typeof callback === "function" ? callback : (...given) => callback.handleEvent(...given);
    return function (...given) {
      const start = performance.now();
      try {
        return run.apply(this, given);
      } finally {
        measured.total += performance.now() - start;
      }
    };
  };
  const { addEventListener } = EventTarget.prototype;
  const wrapped = new WeakMap();
  EventTarget.prototype.addEventListener = function (type, callback, options) {
    if (callback && ours()) {
      if (!wrapped.has(callback)) wrapped.set(callback, timed(callback));
      callback = wrapped.get(callback);
    }
    return addEventListener.call(this, type, callback, options);
  };
  // A click's time is all from its pointerdown to the next one.
  const close = () => {
    measured.clicks.push(measured.total);
    measured.total = 0;
  };
  addEventListener.call(window, "pointerdown", close, true);
  measured.take = () => (close(), measured.clicks.splice(0));
  const { removeEventListener } = EventTarget.prototype;
  EventTarget.prototype.removeEventListener = function (type, callback, options) {
    removeEventListener.call(this, type, callback, options);
    if (callback && wrapped.has(callback)) removeEventListener.call(this, type, wrapped.get(callback), options);
  };
  const Observer = window.MutationObserver;
  window.MutationObserver = class extends Observer {
    constructor(callback) {
      super(ours() ? timed(callback) : callback);
    }
  };
})();
