"use strict";
// Reads the headers of a dropped file block by block, and sends them alone to be resolved.
const place = document.getElementById("drop"), told = document.getElementById("told"), chooser = document.getElementById("file");
const BLOCK = 2880, CARD = 80, MOST = 4 << 20;
const MEANING = {
  resolved: "This archive knows it.",
  inherited: "The stamp came along from another file: these data are not those that it was written for.",
  conflict: "Its header and this archive do not agree.",
  unknown: "It has a stamp, but this archive does not know the dataset.",
  unstamped: "Its header has no stamp that is known here."
};
place.hidden = false;

function plainBlocks(file) {
  let at = 0;
  return {
    next: async () => new Uint8Array(await file.slice(at, at += BLOCK).arrayBuffer()),
    stop: () => {}
  };
}

function unpackedBlocks(file) {
  const reader = file.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  let held = new Uint8Array(0);
  return {
    next: async () => {
      while (held.length < BLOCK) {
        const {value, done} = await reader.read();
        if (done) break;
        const more = new Uint8Array(held.length + value.length);
        more.set(held);
        more.set(value, held.length);
        held = more;
      }
      const block = held.slice(0, BLOCK);
      held = held.slice(BLOCK);
      return block;
    },
    stop: () => reader.cancel().catch(() => {})
  };
}

function valueOf(header, keyword) {
  for (let at = 0; at < header.length; at += CARD)
    if (header.startsWith(keyword.padEnd(8) + "=", at)) return header.slice(at + 10, at + CARD).split("/")[0].trim();
  return null;
}

function hasEnd(text) {
  for (let at = 0; at < text.length; at += CARD) if (text.startsWith("END".padEnd(8), at)) return true;
  return false;
}

async function readHeaders(blocks) {
  const kept = [];
  for (let first = "SIMPLE  =", whole = false; !whole; first = "XTENSION=") {
    const unit = [];
    let header = "";
    do {
      const block = await blocks.next();
      if (block.length < BLOCK || (kept.length + unit.length) * BLOCK >= MOST) return kept;
      unit.push(block);
      header += String.fromCharCode(...block);
      if (!header.startsWith(first)) return kept;
    } while (!hasEnd(header.slice(-BLOCK)));
    kept.push(...unit);
    whole = valueOf(header, "NAXIS") !== "0";
  }
  return kept;
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter(child => child !== null));
  return made;
}

function facts(dataset) {
  const place = Object.entries(dataset.data_id || {}).map(pair => pair.join(" ")).join(", ");
  const pairs = [["Type", dataset.type], ["dataId", place], ["Run", dataset.run], ["ID", dataset.id]];
  return element("dl", {}, ...pairs.filter(([, value]) => value).flatMap(
    ([key, value]) => [element("dt", {}, key), element("dd", {}, value)]
  ));
}

function show(file, found) {
  const known = found.source === "registry" && found.dataset && found.dataset.id;
  const link = known
    ? element("a", {className: "button", href: "dataset/" + encodeURIComponent(found.dataset.id)}, "Open its page")
    : null;
  const findings = found.findings.map(each => element("li", {}, each.message));
  told.replaceChildren(
    element("h3", {}, file.name + " ", element("span", {className: "badge " + found.status}, found.status)),
    element("p", {}, MEANING[found.status] || ""),
    found.dataset ? facts(found.dataset) : "",
    findings.length ? element("ul", {className: "findings"}, ...findings) : "",
    link || ""
  );
  if (link) link.focus();
}

function complain(message) {
  told.replaceChildren(element("p", {className: "notice error"}, message));
}

async function resolve(file) {
  told.replaceChildren(element("p", {}, "Reading " + file.name + " …"));
  let blocks = null;
  try {
    const magic = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    blocks = magic[0] === 0x1f && magic[1] === 0x8b ? unpackedBlocks(file) : plainBlocks(file);
    const kept = await readHeaders(blocks);
    if (!kept.length) return complain(file.name + " has no FITS header; expected a file that begins with SIMPLE, as it is or gzipped.");
    const body = new Uint8Array(kept.length * BLOCK);
    kept.forEach((block, number) => body.set(block, number * BLOCK));
    const answer = await fetch("resolve", {method: "POST", body, headers: {"Content-Type": "application/fits"}});
    if (!answer.ok) return complain(await answer.text());
    show(file, await answer.json());
  } catch (error) {
    complain(file.name + ": " + error.message);
  } finally {
    if (blocks) blocks.stop();
  }
}

chooser.addEventListener("change", () => { if (chooser.files.length) resolve(chooser.files[0]); });
for (const name of ["dragenter", "dragover"])
  addEventListener(name, event => { event.preventDefault(); place.classList.add("over"); });
for (const name of ["dragleave", "drop"])
  addEventListener(name, event => { event.preventDefault(); place.classList.remove("over"); });
addEventListener("drop", event => { if (event.dataTransfer.files.length) resolve(event.dataTransfer.files[0]); });
