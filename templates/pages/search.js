"use strict";
// Reads the headers of a dropped file, passing over the data, and sends them alone to be resolved.
const place = document.getElementById("drop"), told = document.getElementById("told"), chooser = document.getElementById("file");
const BLOCK = 2880, CARD = 80;
const READ = 64 << 10, MOST_SENT = 4 << 20, MOST_UNPACKED = 256 << 20;  // bytes
const MEANING = {
  resolved: "This archive knows it.",
  inherited: "The stamp came along from another file: these data are not those that it was written for.",
  conflict: "Its header and this archive do not agree.",
  unknown: "It has a stamp, but this archive does not know the dataset.",
  unstamped: "Its header has no stamp that is known here."
};
place.hidden = false;

// Both give the block at an offset, which is never before the one that was given last; a short one at the end.
function plainFile(file) {
  let held = new Uint8Array(0), start = 0;
  return {
    block: async at => {
      if (at + BLOCK > start + held.length) [held, start] = [new Uint8Array(await file.slice(at, at + READ).arrayBuffer()), at];
      return held.slice(at - start, at - start + BLOCK);
    },
    stop: () => {}
  };
}

function gzippedFile(file) {
  if (!window.DecompressionStream) throw new Error("this browser cannot unpack it; expected a file that is not compressed");
  const reader = file.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  let held = new Uint8Array(0), start = 0;
  return {
    block: async at => {
      while (start + held.length < at + BLOCK && start + held.length < MOST_UNPACKED) {
        const {value, done} = await reader.read().catch(error => {
          if (start + held.length) return {done: true};  // it is cut off; what came before counts
          throw error;
        });
        if (done) break;
        const rest = held.subarray(Math.min(at - start, held.length));
        start += held.length - rest.length;
        held = new Uint8Array(rest.length + value.length);
        held.set(rest);
        held.set(value, rest.length);
      }
      return held.slice(at - start, at - start + BLOCK);
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

// Bytes of an HDU's data without their fill (FITS 4.0, 4.4.1.1 equation 1, 4.4.1.2 equation 2, 6.1 equation 4).
function dataSize(header, primary) {
  const number = (keyword, absent) => Number(valueOf(header, keyword) ?? absent);
  const axes = Array.from({length: Math.min(number("NAXIS"), 999)}, (_, n) => number(`NAXIS${n + 1}`));
  if (!axes.length) return 0;
  const groups = primary && axes[0] === 0 && valueOf(header, "GROUPS") === "T";
  let elements = (groups ? axes.slice(1) : axes).reduce((product, axis) => product * axis, 1);
  if (!primary || groups) elements = (elements + number("PCOUNT", 0)) * number("GCOUNT", 1);
  return Math.abs(number("BITPIX")) / 8 * elements;
}

async function readHeaders(file) {
  const kept = [];
  for (let at = 0, first = "SIMPLE  =", primary = true; Number.isSafeInteger(at); first = "XTENSION=", primary = false) {
    const unit = [];
    let header = "";
    do {
      const block = await file.block(at);
      if (block.length < BLOCK || (kept.length + unit.length) * BLOCK >= MOST_SENT) return kept;
      unit.push(block);
      header += String.fromCharCode(...block);
      if (!header.startsWith(first)) return kept;
      at += BLOCK;
    } while (!hasEnd(header.slice(-BLOCK)));
    kept.push(...unit);
    at += Math.ceil(dataSize(header, primary) / BLOCK) * BLOCK;
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
  let opened = null;
  try {
    const magic = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    opened = magic[0] === 0x1f && magic[1] === 0x8b ? gzippedFile(file) : plainFile(file);
    const kept = await readHeaders(opened);
    if (!kept.length) return complain(file.name + " has no FITS header; expected a file that begins with SIMPLE, as it is or gzipped.");
    const body = new Uint8Array(kept.length * BLOCK);
    kept.forEach((block, number) => body.set(block, number * BLOCK));
    const answer = await fetch("resolve?DATA=0", {method: "POST", body, headers: {"Content-Type": "application/fits"}});
    if (!answer.ok) return complain(await answer.text());
    show(file, await answer.json());
  } catch (error) {
    complain(file.name + ": " + error.message);
  } finally {
    if (opened) opened.stop();
  }
}

chooser.addEventListener("change", () => { if (chooser.files.length) resolve(chooser.files[0]); });
for (const name of ["dragenter", "dragover"])
  addEventListener(name, event => { event.preventDefault(); place.classList.add("over"); });
for (const name of ["dragleave", "drop"])
  addEventListener(name, event => { event.preventDefault(); place.classList.remove("over"); });
addEventListener("drop", event => { if (event.dataTransfer.files.length) resolve(event.dataTransfer.files[0]); });
