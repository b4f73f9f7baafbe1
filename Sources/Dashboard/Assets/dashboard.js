// What makes pages live. Every page works without it: it follows events and fetches the parts of the page that have changed.
"use strict";

// Replaces the parts of this page that are marked live by those of a fresh copy, and keeps focus and scrolling.
let refreshing = false;
let again = false;
async function refresh() {
  if (refreshing) { again = true; return; }
  refreshing = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, credentials: "same-origin" });
    if (answer.ok && !answer.redirected) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-live]")) {
        const fresh = page.getElementById(part.id);
        if (!fresh || fresh.innerHTML === part.innerHTML) continue;
        if (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) continue;
        const checked = [...part.querySelectorAll("input:checked")].map((box) => box.value);
        part.innerHTML = fresh.innerHTML;
        for (const box of part.querySelectorAll("input[type=checkbox]")) box.checked = checked.includes(box.value);
        prepare(part);
      }
    }
  } catch { /* The dashboard is away: the next event tells. */ }
  refreshing = false;
  if (again) { again = false; later(); }
}

// At most one refresh a second, however many events there are; none while nobody looks.
let timer = null;
function later() {
  if (timer || document.hidden) { again = true; return; }
  timer = setTimeout(() => { timer = null; again = false; refresh(); }, 1000);
}
document.addEventListener("visibilitychange", () => { if (!document.hidden && again) later(); });

// Follows the events that the page names. The browser connects again by itself, and says which event it had last.
function follow(address) {
  const source = new EventSource(address);
  const line = document.getElementById("connection");
  source.onopen = () => { if (line) line.textContent = "live"; };
  source.onerror = () => { if (line) line.textContent = "not connected: trying again"; };
  for (const kind of ["round", "status", "fault", "progress", "runs"]) source.addEventListener(kind, later);
  window.addEventListener("pagehide", () => source.close());
}

// Buttons: copying a command, and asking before what cannot be taken back.
function prepare(part) {
  for (const button of part.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "copied";
    });
  }
  for (const form of part.querySelectorAll("form[data-ask]"))
    form.addEventListener("submit", (event) => { if (!confirm(form.dataset.ask)) event.preventDefault(); });
}

// A form of many settings: the command line that it stands for, as it is filled in; and only what was filled in is sent.
function commandLine(form) {
  const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : "'" + word.replaceAll("'", "'\\''") + "'");
  const given = [...form.querySelectorAll("[data-setting]")]
    .filter((field) => (field.type === "checkbox" ? field.checked : field.value !== ""));
  const start = "mpirun -np " + (form.elements.ranks.value || "2") + " fedmpi ";
  const varied = form.elements.vary.value.split("\n").filter((line) => line.trim() !== "");
  if (varied.length > 0) {
    // A sweep: its file, then the command.
    const value = (text) => (/^[\w.+/-]+$/.test(text) ? text : JSON.stringify(text));
    const base = given.map((field) => "  " + field.dataset.setting + ": " + value(field.value));
    const grid = varied.map((line) => {
      const at = line.indexOf(":");
      const values = line.slice(at + 1).split(",").map((text) => text.trim()).filter((text) => text !== "");
      return "  " + line.slice(0, Math.max(at, 0)).trim() + ": [" + values.map(value).join(", ") + "]";
    });
    const name = form.elements.name.value;
    document.getElementById("command").textContent =
      ["# sweep.yaml", ...(base.length > 0 ? ["base:", ...base] : []), "grid:", ...grid, "",
        start + "sweep sweep.yaml" + (name === "" ? "" : " --sweep-name " + quoted(name))].join("\n");
    return;
  }
  const words = given.map((field) => "--" + field.dataset.setting + (field.type === "checkbox" ? "" : " " + quoted(field.value)));
  document.getElementById("command").textContent = start + ["train", ...words].join(" ");
}
const settings = document.getElementById("settings");
if (settings) {
  const sweep = document.getElementById("sweep");
  if (location.hash === "#sweep") sweep.open = true;
  settings.addEventListener("input", () => commandLine(settings));
  settings.addEventListener("submit", () => {
    for (const field of settings.querySelectorAll("[data-setting]")) field.disabled = field.value === "";
  });
  window.addEventListener("pageshow", () => {
    for (const field of settings.querySelectorAll("[data-setting]")) field.disabled = false;
    commandLine(settings);
  });
}

prepare(document);
if (document.body.dataset.events) follow(document.body.dataset.events);
