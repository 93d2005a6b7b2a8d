"use strict";
// Lets the lineage be walked and unfolded in place, and text be copied. Without it every link still leads there.
const said = document.getElementById("said");
const WAYS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
const LEGIBLE = 0.85, SMALLEST = 0.25, LARGEST = 2, MARGIN = 12;

class Walk {
  constructor(section) {
    this.section = section;
    this.box = section.querySelector(".drawing");
    this.svg = section.querySelector("svg.walked");
    this.cards = [...this.svg.querySelectorAll("a")];
    this.edges = [...this.svg.querySelectorAll("[data-ends]")].map(edge => [edge, edge.dataset.ends.split(" ").map(Number)]);
    this.width = this.svg.viewBox.baseVal.width;
    this.svg.setAttribute("role", "tree");
    this.box.removeAttribute("tabindex");
    for (const card of this.cards) {
      card.setAttribute("role", "treeitem");
      card.setAttribute("aria-level", card.dataset.level);
      if (card.dataset.many) card.setAttribute("aria-expanded", "false");
      card.setAttribute("tabindex", "-1");
    }
    for (const shown of section.querySelectorAll(".zoom, .hint")) shown.hidden = false;
    this.fit();
    this.turnTo(this.cards[0]);
    this.center(this.cards[0]);
    this.svg.addEventListener("keydown", event => this.press(event));
    for (const name of ["focusin", "pointerover"])
      this.svg.addEventListener(name, event => this.light(event.target.closest("a")));
    for (const name of ["focusout", "pointerleave"]) this.svg.addEventListener(name, () => this.light(null));
    for (const button of section.querySelectorAll("[data-zoom]"))
      button.addEventListener("click", () => this.zoom(button.dataset.zoom));
    this.box.addEventListener("pointerdown", event => this.drag(event));
  }

  // One card at a time can be reached with Tab; arrows go on from there.
  turnTo(card) {
    for (const each of this.cards) each.setAttribute("tabindex", each === card ? "0" : "-1");
  }

  focus(card) {
    this.turnTo(card);
    card.focus({preventScroll: true});
    this.show(card);
  }

  // As scrollIntoView would; of what stands within a drawing, Firefox has that scroll somewhere else.
  show(card) {
    const inner = card.getBoundingClientRect(), outer = this.box.getBoundingClientRect();
    const beyond = (from, to, start, end) => Math.min(from - start - MARGIN, 0) || Math.max(to - end + MARGIN, 0);
    this.box.scrollLeft += beyond(inner.left, inner.right, outer.left, outer.right);
    scrollBy(0, beyond(inner.top, inner.bottom, 0, innerHeight));
  }

  center(card) {
    const inner = card.getBoundingClientRect(), outer = this.box.getBoundingClientRect();
    this.box.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
  }

  press(event) {
    const card = event.target.closest("a");
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    const fold = this.section.querySelector(`[data-fold="${card.dataset.group}"]`);
    if (WAYS[event.key]) this.focus(this.next(card, ...WAYS[event.key]) || card);
    else if (event.key === "Home") this.focus(this.cards[0]);
    else if (event.key === " " || (event.key === "+" && card.dataset.many)) follow(card);
    else if (event.key === "-" && fold) follow(fold);
    else return;
    event.preventDefault();
  }

  // The nearest card that way: rather one straight ahead than aside, and one that is tied to this one.
  next(from, x, y) {
    const at = middle(from), number = this.cards.indexOf(from);
    const tied = new Set(this.edges.filter(([, ends]) => ends.includes(number)).flatMap(([, ends]) => ends));
    let best = null, least = Infinity;
    this.cards.forEach((card, other) => {
      const to = middle(card), along = (to[0] - at[0]) * x + (to[1] - at[1]) * y;
      const aside = Math.abs((to[0] - at[0]) * y) + Math.abs((to[1] - at[1]) * x);
      const cost = (along + 2 * aside) * (tied.has(other) ? 0.5 : 1) * (aside > along ? 100 : 1);
      if (along > 4 && cost < least) [best, least] = [card, cost];
    });
    return best;
  }

  light(card) {
    const number = this.cards.indexOf(card);
    this.svg.classList.toggle("lit", number >= 0);
    for (const [edge, ends] of this.edges) edge.classList.toggle("lit", ends.includes(number));
  }

  fit() {
    this.scale = Math.max(LEGIBLE, Math.min(1, (this.box.clientWidth - 2) / this.width));
    this.resize();
  }

  zoom(by) {
    if (by === "fit") return this.fit();
    this.scale = Math.max(SMALLEST, Math.min(LARGEST, this.scale * by));
    this.resize();
  }

  resize() {
    this.svg.style.width = `${this.width * this.scale}px`;
  }

  drag(start) {
    if (start.pointerType !== "mouse" || start.button || start.target.closest("a")) return;
    const left = this.box.scrollLeft + start.clientX;
    const move = event => { this.box.scrollLeft = left - event.clientX; };
    const end = () => { removeEventListener("pointermove", move); this.box.classList.remove("dragged"); };
    this.box.classList.add("dragged");
    addEventListener("pointermove", move);
    addEventListener("pointerup", end, {once: true});
    start.preventDefault();
  }
}

function middle(card) {
  const box = card.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
}

function follow(link) {
  link.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}));
}

// The page of the same dataset with other stacks open is asked for, once, and its drawing taken over.
const drawings = new Map();

function withoutHash(address) {
  return String(address).replace(/#.*/, "");
}

async function drawingAt(address) {
  const key = withoutHash(address);
  if (!drawings.has(key)) {
    const answer = await fetch(key);
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    drawings.set(key, page.getElementById("lineage"));
  }
  return document.importNode(drawings.get(key), true);
}

async function redraw(address, choose, words) {
  const section = await drawingAt(address);
  document.getElementById("lineage").replaceWith(section);
  const walk = new Walk(section), card = walk.cards.find(choose);
  if (card) {
    walk.center(card);
    walk.focus(card);
  }
  said.textContent = words;
}

function chosen(link) {
  const {key, fold} = link.dataset;
  if (fold) return [card => card.dataset.key === fold, link.getAttribute("aria-label")];
  if (key) return [card => card.dataset.key.startsWith(key + "."), "Unfolded " + link.getAttribute("aria-label")];
  return [(card, number) => number === 0, link.textContent];
}

document.addEventListener("click", async event => {
  const link = event.target.closest("#lineage a");
  if (!link || !link.getAttribute("href").startsWith("?") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const address = new URL(link.getAttribute("href"), location.href);
  try {
    await redraw(address, ...chosen(link));
    history.pushState(null, "", address);
  } catch {
    location.assign(address);
  }
});
addEventListener("popstate", () => redraw(location.href, () => false, "").catch(() => location.reload()));

for (const place of document.querySelectorAll(".copy")) {
  const text = place.querySelector("pre"), button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy " + text.getAttribute("aria-label"));
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(text);
    if (navigator.clipboard) await navigator.clipboard.writeText(text.textContent);
    else document.execCommand("copy");
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  place.append(button);
}

const first = document.getElementById("lineage");
drawings.set(withoutHash(location.href), first.cloneNode(true));
new Walk(first);
