/**
 * Draws a chart in a notebook's output, or wherever its HTML is shown, and draws it anew where the reader's theme or
 * the room changes. Whether the ground is dark is told by the colour of the text there, which every page chooses so
 * that it can be read: JupyterLab, VS Code, Colab, a saved page.
 */
(function (name, spec, themes, libraries) {
  "use strict";

  /** Vega-Embed: the page's own where it has one, else the pinned one, checked; once a page. */
  function library() {
    const own = window.vegaEmbed && String(window.vegaLite?.version).startsWith("6.") && window.vegaEmbed;
    window.backsightVega ??= own ? Promise.resolve(own) : fetched();
    window.backsightVega.catch(() => { window.backsightVega = undefined; });
    return window.backsightVega;
  }

  /** The libraries as CommonJS modules: no globals, and no quarrel with a page's require.js. */
  async function fetched() {
    const found = {};
    for (const [library, address, integrity] of libraries) {
      const answer = await fetch(address, {integrity, mode: "cors", credentials: "omit"});
      if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
      const module = {exports: {}};
      const run = new Function("module", "exports", "require", "define", await answer.text());
      run(module, module.exports, (wanted) => found[wanted], undefined);
      found[library] = module.exports;
    }
    return found["vega-embed"];
  }

  function isDark(place) {
    const pen = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
    pen.fillStyle = getComputedStyle(place).color;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 127;
  }

  /** Charts below each other are drawn one by one: only a chart that stands alone is as wide as the page lets it. */
  function views() {
    if (!spec.vconcat) return [spec];
    return spec.vconcat.map((view) => ({
      $schema: spec.$schema, ...view, title: {...view.title, frame: "bounds", limit: {expr: "width"}},
      ...(typeof view.width === "number" ? {width: "container", autosize: {type: "fit-x", contains: "padding"}} : {}),
    }));
  }

  function themed(dark, width) {
    const theme = themes[dark ? "dark" : "light"];
    const columns = Math.max(1, Math.floor(width / 200));
    const labelLimit = Math.min(theme.axisYDiscrete.labelLimit, width * 0.4);
    return {
      ...theme, legend: {...theme.legend, columns}, axisYDiscrete: {...theme.axisYDiscrete, labelLimit},
    };
  }

  function show(place) {
    let drawn = [], state = "", turn = 0;

    async function draw() {
      if (!place.isConnected) return stop();
      const dark = isDark(place), width = place.clientWidth, wanted = `${dark} ${width}`;
      if (!width || wanted === state) return;
      state = wanted;
      const mine = ++turn;
      try {
        const embed = await library();
        if (mine !== turn) return;
        drawn.forEach((each) => each.finalize());
        const options = {
          renderer: "svg", config: themed(dark, width), tooltip: {theme: dark ? "dark" : "light"},
          actions: {export: true, source: false, compiled: false, editor: false},
        };
        place.replaceChildren(...views().map(() => {
          const box = document.createElement("div");
          box.style.cssText = "width: 100%; margin-bottom: 12px";
          return box;
        }));
        drawn = await Promise.all(views().map((view, at) => embed(place.children[at], view, options)));
      } catch (error) {
        if (mine === turn) place.textContent = `The chart can't be drawn here (${error.message}); its figures are in the table.`;
      }
    }

    const room = new ResizeObserver(() => requestAnimationFrame(draw));
    const theme = new MutationObserver(() => requestAnimationFrame(draw));
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    function stop() {
      room.disconnect();
      theme.disconnect();
      scheme.removeEventListener("change", draw);
      drawn.forEach((each) => each.finalize());
    }
    room.observe(place);
    for (const above of [document.documentElement, document.body]) theme.observe(above, {attributes: true});
    scheme.addEventListener("change", draw);
    draw();
  }

  for (const place of document.querySelectorAll(`.${name}:not([data-shown])`)) {
    place.dataset.shown = "";
    show(place);
  }
})
