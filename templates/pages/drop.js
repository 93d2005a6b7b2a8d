
"use strict";
const place = document.getElementById("drop"), told = document.getElementById("told"), file = document.getElementById("file");
const BLOCK = 2880, CARD = 80, MOST = 4 << 20;
place.hidden = false;

function card(header, keyword) {
  for (let at = 0; at < header.length; at += CARD)
    if (header.startsWith(keyword.padEnd(8), at)) return header.slice(at + 10, at + CARD).split("/")[0].trim();
  return null;
}

async function oneHeader(file, start) {
  let header = "";
  while (header.length < MOST) {
    const bytes = new Uint8Array(await file.slice(start + header.length, start + header.length + BLOCK).arrayBuffer());
    if (bytes.length < BLOCK) return null;
    const block = Array.from(bytes, byte => String.fromCharCode(byte)).join("");
    header += block;
    for (let at = 0; at < BLOCK; at += CARD) if (block.startsWith("END     ", at)) return header;
  }
  return null;
}

async function headers(file) {
  let stop = 0;
  for (;;) {
    const header = await oneHeader(file, stop);
    if (header === null || !header.startsWith(stop ? "XTENSION" : "SIMPLE  =")) break;
    stop += header.length;
    if (card(header, "NAXIS") !== "0") break;
  }
  return file.slice(0, stop);
}

async function resolve(file) {
  told.textContent = "Reading " + file.name + " …";
  try {
    const head = await headers(file);
    if (!head.size) { told.textContent = file.name + " is no FITS file, or compressed as a whole; expected one that begins with SIMPLE."; return; }
    const answer = await fetch("resolve", {method: "POST", body: head, headers: {"Content-Type": "application/fits"}});
    if (!answer.ok) { told.textContent = await answer.text(); return; }
    const found = await answer.json();
    if (found.source !== "registry" || !found.dataset || !found.dataset.id) {
      told.textContent = file.name + ": " + found.status + ". " + found.findings.map(each => each.message).join("; ");
      return;
    }
    const link = document.createElement("a");
    link.href = "dataset/" + encodeURIComponent(found.dataset.id);
    link.textContent = (found.dataset.type || "dataset") + " " + found.dataset.id;
    told.replaceChildren(file.name + ": " + found.status + ", ", link);
    link.focus();
  } catch (error) { told.textContent = file.name + ": " + error.message; }
}

file.addEventListener("change", () => file.files.length && resolve(file.files[0]));
for (const name of ["dragenter", "dragover"])
  place.addEventListener(name, event => { event.preventDefault(); place.classList.add("over"); });
for (const name of ["dragleave", "drop"])
  place.addEventListener(name, event => { event.preventDefault(); place.classList.remove("over"); });
place.addEventListener("drop", event => event.dataTransfer.files.length && resolve(event.dataTransfer.files[0]));
