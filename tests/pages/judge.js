// Installed before a page's own scripts: records what the browser answers for every selector at the moment of a
// click, and gives the test what it needs to write selectors from.
(() => {
  const { matches, closest, getRootNode } = Object.assign({}, {
    matches: Element.prototype.matches,
    closest: Element.prototype.closest,
    getRootNode: Node.prototype.getRootNode,
  });
  const parent = Object.getOwnPropertyDescriptor(Node.prototype, "parentNode").get;
  const attributes = Object.getOwnPropertyDescriptor(Element.prototype, "attributes").get;
  const shadow = Object.getOwnPropertyDescriptor(Element.prototype, "shadowRoot").get;
  const isShadow = (node) => node instanceof ShadowRoot;
  const judge = (window.__judge = { selectors: [], answers: {}, elements: [] });

  // The rule of shadow boundaries: the element and its ancestors, then those of its host, each in its own tree.
  function closestThroughHosts(element, css) {
    for (let node = element; node; node = hostOf(node)) if (closest.call(node, css)) return true;
    return false;
  }
  const hostOf = (node) => (isShadow(getRootNode.call(node)) ? getRootNode.call(node).host : null);

  judge.valid = (css) => {
    try {
      return matches.call(document.documentElement, css), true;
    } catch {
      return false;
    }
  };

  // Every element, those in open shadow trees included, in document order.
  function collect(root, found) {
    for (const element of root.querySelectorAll("*")) {
      found.push(element);
      const inside = shadow.call(element);
      if (inside) collect(inside, found);
    }
    return found;
  }

  // The elements that were not there when it was last asked; those that match `last`, and what is in them, come last.
  judge.collect = (last) => {
    const known = new Set(judge.elements);
    const fresh = collect(document, []).filter((element) => !known.has(element));
    const late = (element) => !!last && !!closest.call(element, last);
    judge.elements.push(...fresh.filter((element) => !late(element)), ...fresh.filter(late));
    const place = new Map(judge.elements.map((element, index) => [element, index]));
    return judge.elements.map((element) => ({
      tag: element.localName,
      attributes: [...attributes.call(element)].filter((a) => !a.namespaceURI).map((a) => [a.name, a.value]),
      parent: place.get(parent.call(element)) ?? -1,
      host: isShadow(parent.call(element)) ? place.get(parent.call(element).host) : -1,
    }));
  };

  // Until nothing has changed for a while: pages draw charts once what they import has come.
  judge.still = (ms) =>
    new Promise((done) => {
      let wait = setTimeout(done, ms);
      new MutationObserver(() => {
        clearTimeout(wait);
        wait = setTimeout(done, ms);
      }).observe(document, { subtree: true, childList: true, attributes: true });
    });

  // What the definer asks of each element: the page's tables once, and for each row of `nodes` what is said of its
  // element. Needs built/tables.js. The rows are in the order of `judge.elements`.
  judge.asking = () => {
    judge.elements = [];
    const pending = [document.documentElement];
    for (let element = pending.pop(); element; element = pending.pop()) {
      judge.elements.push(element);
      const inside = shadow.call(element);
      pending.push(...[...element.children].reverse(), ...(inside ? [...inside.children].reverse() : []));
    }
    const tables = JSON.parse(__tables.askingFor(document.documentElement, "click"));
    const tags = tables.nodes.map(([, element]) => tables.elements[element].tag);
    if (tags.join() !== judge.elements.map(({ localName }) => localName).join()) throw Error("another order");
    return { ...tables, said: judge.elements.map((element) => __tables.wordingOf(element)) };
  };

  // Of each pair of an element's place and a selector: whether the selector finds the element or something around it,
  // and the places of all elements that it matches.
  judge.found = (pairs) => {
    const known = new Map();
    const matching = (css) => judge.elements.flatMap((element, place) => (matches.call(element, css) ? [place] : []));
    return pairs.map(([place, css]) => {
      if (!known.has(css)) known.set(css, matching(css));
      return { holds: closestThroughHosts(judge.elements[place], css), matching: known.get(css) };
    });
  };

  judge.click = (from, to, marker) => {
    for (let index = from; index < Math.min(to, judge.elements.length); index++) {
      // As from a mouse: at a place, and never two at one time.
      const at = { clientX: index % 1000, clientY: Math.floor(index / 1000), detail: 1 };
      const click = new MouseEvent("click", { bubbles: true, cancelable: true, composed: true, ...at });
      judge.elements[index].dispatchEvent(Object.defineProperty(click, "timeStamp", { value: index + 1 }));
    }
    window.backsight.track(marker);
    window.backsight.flush();
  };

  window.addEventListener("click", (event) => {
    if (!judge.elements.length) return; // The page is being brought to where it is judged.
    event.preventDefault(); // The page stays; its own handlers still run.
    const index = event.clientX + 1000 * event.clientY;
    const target = event.composedPath()[0];
    if (index in judge.answers || target !== judge.elements[index]) return;
    const bits = (ask) => judge.selectors.map((css) => (ask(target, css) ? "1" : "0")).join("");
    judge.answers[index] = [bits((element, css) => matches.call(element, css)), bits(closestThroughHosts)];
  }, true);
})();
