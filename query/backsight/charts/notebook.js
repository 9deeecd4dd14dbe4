/**
 * Draws a chart in a notebook's output, or wherever its HTML is shown, and draws it anew where the reader's theme or
 * the room changes. Whether the ground is dark is told by the colour of the text there, which every page chooses so
 * that it can be read: JupyterLab, VS Code, Colab, a saved page. What draws comes along: nothing is fetched.
 */
(function (name, spec, packed) {
  "use strict";

  /** What draws, of the first chart of a page for all. */
  function drawing() {
    return (window.backsightCharts ??= unpacked());
  }

  async function unpacked() {
    const bytes = Uint8Array.from(atob(packed), (each) => each.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const source = await new Response(stream).text();
    // A module, as the built-in page loads it; here no address is needed from which it could be imported.
    return new Function(source.replace(/export\{([\w$]+) as draw\};?\s*$/, "return{draw:$1}"))();
  }

  function isDark(place) {
    const pen = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
    pen.fillStyle = getComputedStyle(place).color;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 127;
  }

  function saving(element) {
    const link = document.createElement("a");
    link.textContent = "Save as SVG";
    link.download = "chart.svg";
    link.href = "#";
    link.style.cssText = "font: 11px system-ui, sans-serif; color: inherit; opacity: 0.6";
    link.addEventListener("click", () => {
      const text = new XMLSerializer().serializeToString(element.querySelector("svg"));
      link.href = URL.createObjectURL(new Blob([text], {type: "image/svg+xml"}));
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    });
    return link;
  }

  function show(place) {
    let drawn, state = "", turn = 0;

    async function draw() {
      if (!place.isConnected) return stop();
      const width = place.clientWidth, dark = isDark(place), next = `${width} ${dark}`;
      if (!width || next === state) return;
      state = next;
      const mine = ++turn;
      try {
        const {draw: make} = await drawing();
        const made = await make(spec, dark ? "dark" : "light", width);
        if (mine !== turn) return made.finish();
        drawn?.finish();
        drawn = made;
        place.replaceChildren(made.element, saving(made.element));
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
      drawn?.finish();
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
