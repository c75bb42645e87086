// One page, two halves. The first keeps in step with the server: a decision waits in this browser's own
// storage until the server has it on the disk, and only then counts. The second shows one pair at a time.
// Whatever came from a manifest is put in as text, never as markup.
"use strict";

const { token, folder } = document.body.dataset;
const room = `unrelate-review/${folder}/`;
const tab = crypto.randomUUID();
const $ = (id) => document.getElementById(id);
const OPEN = { verdict: "undecided", caption: "" };

let pairs = [];
const numbers = new Map(); // name -> place in `pairs`
const states = new Map(); // name -> the last decision, as the journal has it
let known = 0; // decisions of the journal that this page knows
let undo = null; // the step that `u` takes, as the server says it
let queue = []; // what waits: {key, pair, before, after}, or {key, undo: true} until the server says of what
let troubled = false;
let sending = false;

// --- storage: one entry a decision, so that two tabs never overwrite each other's -----------------------

function store(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, typeof value === "string" ? value : JSON.stringify(value));
  } catch {
    say("This browser keeps nothing for this page: do not close it while decisions wait.");
  }
}

function stored(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix)).sort();
  } catch {
    return [];
  }
}

let last = 0;
function wait(entry) {
  last = Math.max(last + 1, Date.now() * 1000); // in the order they were made, also within a millisecond
  const kept = { ...entry, key: `${room}queue/${tab}/${last}` };
  queue.push(kept);
  store(kept.key, kept);
  showCounts();
  flush();
}

function done(entry) {
  queue = queue.filter((other) => other !== entry);
  store(entry.key, null);
}

// What a tab left behind that was closed or died. A living one holds a lock, and sends its own.
async function adopt() {
  const tabs = new Set(stored(`${room}queue/`).map((key) => key.slice(room.length).split("/")[1]));
  tabs.delete(tab);
  for (const other of tabs) {
    const take = (lock) => {
      if (lock === null) return;
      for (const key of stored(`${room}queue/${other}/`)) {
        try {
          const entry = { ...JSON.parse(localStorage.getItem(key)), key };
          if (!queue.some((one) => one.key === key) && (entry.undo || entry.pair)) queue.push(entry);
        } catch {
          store(key, null); // torn: it was never shown as made
        }
      }
      queue.sort((a, b) => (a.key.split("/").pop() < b.key.split("/").pop() ? -1 : 1));
    };
    if (navigator.locks) await navigator.locks.request(room + other, { ifAvailable: true }, take);
    else take({});
  }
}

// --- the server ----------------------------------------------------------------------------------------

function ask(path, body) {
  const options = { signal: AbortSignal.timeout(15000) };
  if (body !== undefined) {
    options.method = "POST";
    options.headers = { "Content-Type": "application/json", "X-Review-Token": token };
    options.body = JSON.stringify(body);
  }
  return fetch(path, options);
}

function take(news) {
  if (news.start === 0) states.clear();
  for (const decision of news.decisions) states.set(decision.pair, decision);
  [known, undo] = [news.number, news.undo];
}

async function flush() {
  if (sending || !queue.length) return;
  sending = true;
  try {
    while (queue.length && (await send(queue[0])));
  } finally {
    sending = false;
    render();
  }
}

// Sends one entry; whether the next may go.
async function send(entry) {
  if (entry.undo && !entry.pair) {
    if (undo === null) {
      done(entry);
      say("There is nothing to undo.");
      return true;
    }
    Object.assign(entry, undo); // from here on it may be sent twice and counts once
    store(entry.key, entry);
  }
  let answer, content;
  try {
    answer = await ask("/decide", { pair: entry.pair, before: entry.before, after: entry.after, since: known });
    content = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : {};
  } catch {
    return trouble("The server does not answer.");
  }
  if (answer.status === 403) return renew();
  if (answer.status >= 500) return trouble(`Not written: ${content.error ?? "the server failed"}.`);
  done(entry);
  calm();
  if (answer.ok) {
    take(content);
    if (entry.undo) {
      say(`Undone: ${named(entry.pair)} is ${words(entry.after)} again.`);
      go(numbers.get(entry.pair));
    }
    return true;
  }
  if (entry.after.caption !== entry.before.caption && entry.after.caption) draft(entry.pair, entry.after.caption);
  if (answer.status === 409) {
    take(content);
    refuse(`${named(entry.pair)} is ${words(state(entry.pair))} meanwhile; not written: ${words(entry.after)}.`);
  } else refuse(`${named(entry.pair)}: ${content.error ?? "refused"}; not written: ${words(entry.after)}.`);
  return true;
}

// The server was started again: its page has a new token, which a reload fetches where the cookie is new too.
async function renew() {
  trouble("This server was started again: open the address that it printed.");
  try {
    const before = Number(sessionStorage.getItem("reloaded") ?? 0);
    if ((await ask("/changes?since=0")).ok && Date.now() - before > 10000) {
      sessionStorage.setItem("reloaded", Date.now());
      location.reload();
    }
  } catch {
    // it is gone again; the next look says so
  }
  return false;
}

async function look() {
  try {
    const answer = await ask(`/changes?since=${known}`);
    if (answer.status === 403) await renew();
    else if (!answer.ok) trouble("The server failed.");
    else {
      const before = known;
      take(await answer.json());
      await adopt();
      if (!queue.length && (calm() || known !== before)) render();
      await flush();
    }
  } catch {
    trouble("The server does not answer.");
  }
}

function trouble(what) {
  const count = queue.length === 1 ? "1 decision waits" : `${queue.length} decisions wait`;
  const kept = queue.length ? ` ${count} in this browser, and will be sent when it is back.` : "";
  $("trouble").textContent = `${what}${kept} Start it with \`unrelate review\` if it was ended.`;
  $("trouble").hidden = false;
  troubled = true;
  showCounts();
  return false;
}

function calm() {
  $("trouble").hidden = true;
  if (!troubled) return false;
  troubled = false;
  say("The server answers again.");
  images.clear();
  shownImage = null;
  return true;
}

// --- what stands, and what will ------------------------------------------------------------------------

const state = (name) => states.get(name) ?? OPEN;
const plain = ({ verdict, caption }) => ({ verdict, caption });
const named = (name) => `‘${name}’`;
const words = ({ verdict, caption }) => (caption ? `${verdict}, caption ‘${caption}’` : verdict);

// What will stand once everything that waits is written.
function expected(name) {
  const mine = queue.filter((entry) => entry.pair === name);
  return plain(mine.length ? mine[mine.length - 1].after : state(name));
}

const waits = (name) => queue.some((entry) => entry.pair === name);
const captionOf = (pair) => expected(pair.name).caption || pair.caption;

function draft(name, text) {
  store(`${room}draft/${name}`, text);
}

function drafted(name) {
  try {
    return localStorage.getItem(`${room}draft/${name}`);
  } catch {
    return null;
  }
}

// --- the list ------------------------------------------------------------------------------------------

let current = 0;
let list = [];
const form = document.querySelector(".filters");

function matches(pair, wanted) {
  const stands = expected(pair.name);
  if (wanted.verdict === "mended" ? !stands.caption : wanted.verdict && wanted.verdict !== stands.verdict) return false;
  if (wanted.checks && (wanted.checks === "doubtful") !== pair.checks.length > 0) return false;
  if (["role", "split", "source"].some((key) => wanted[key] && wanted[key] !== (pair.about[key] ?? "none"))) return false;
  const text = wanted.text.trim().toLowerCase();
  return !text || `${pair.text} ${stands.caption.toLowerCase()}`.includes(text);
}

function go(number) {
  if (number === undefined || !pairs.length) return;
  current = number;
  stopMending();
  render();
}

function move(by) {
  const after = by > 0 ? list.find((n) => n > current) : list.findLast((n) => n < current);
  if (after === undefined) say(by > 0 ? "This is the last of those shown." : "This is the first of those shown.");
  else go(after);
}

// The next pair that nobody decided about, after the last of those shown from the first again.
function advance() {
  filter();
  const open = list.filter((n) => expected(pairs[n].name).verdict === "undecided");
  const next = open.find((n) => n > current) ?? open[0];
  if (next !== undefined) return go(next);
  if (["accepted", "rejected", "mended"].includes(form.elements.verdict.value)) return move(1);
  render();
  say("Every pair of those shown is decided.");
}

function decide(verdict) {
  const pair = pairs[current];
  if (!ready(pair)) return;
  if (verdict === "accepted" && !seen()) return say("The picture is not shown yet: nobody can accept it unseen.");
  const before = expected(pair.name);
  const after = { verdict, caption: typing() ? typed(pair) : before.caption };
  if (typing()) draft(pair.name, null);
  if (before.verdict === after.verdict && before.caption === after.caption) say(`It is ${verdict} already.`);
  else {
    say(`${named(pair.name)}: ${verdict}.`);
    wait({ pair: pair.name, before, after });
  }
  stopMending();
  advance();
}

// While an undo waits, which pair it leads back to is not known yet.
function ready(pair) {
  if (!pair || $("card").hidden) return false;
  if (queue.some((entry) => entry.undo)) say("Undo waits for the server; decide after it.");
  else return true;
  return false;
}

// --- mending -------------------------------------------------------------------------------------------

const typing = () => !$("mending").hidden;
const trimmed = (text) => text.split(/\s+/).filter(Boolean).join(" ").toWellFormed();

// What was typed, as the journal has it: empty where it is the collected caption.
function typed(pair) {
  const text = trimmed($("typed").value);
  return text === pair.caption ? "" : text;
}

function mend() {
  const pair = pairs[current];
  if (!ready(pair)) return;
  $("typed").value = drafted(pair.name) ?? captionOf(pair);
  $("mending").hidden = false;
  $("caption").hidden = $("draft").hidden = true;
  $("typed").focus({ preventScroll: true });
  $("mending").scrollIntoView({ block: "nearest" });
  $("typed").select();
}

function keepMended() {
  const pair = pairs[current];
  const before = expected(pair.name);
  const after = { ...before, caption: typed(pair) };
  draft(pair.name, null);
  if (after.caption !== before.caption) wait({ pair: pair.name, before, after });
  stopMending();
  render();
  say(after.caption ? "Caption kept; the verdict is as it was." : "The caption is as collected.");
}

// What was typed stays a draft.
function stopMending() {
  if (!typing()) return;
  const focused = $("mending").contains(document.activeElement);
  $("mending").hidden = true;
  $("caption").hidden = false;
  if (focused) $("main").focus({ preventScroll: true });
}

// --- pictures ------------------------------------------------------------------------------------------

const images = new Map(); // place -> <img>: this one and its neighbours
let shownImage = null;

function image(number) {
  let found = images.get(number);
  if (!found) {
    found = new Image();
    found.alt = "";
    found.addEventListener("load", () => {
      found.classList.toggle("small", Math.max(found.naturalWidth, found.naturalHeight) <= 256);
      if (number === current) mark();
    });
    found.addEventListener("error", () => broken(number, found));
    found.src = `/picture/${number}`;
    images.set(number, found);
    for (const other of images.keys()) if (images.size > 12 && other !== current) images.delete(other);
  }
  return found;
}

async function broken(number, found) {
  if (images.get(number) === found) images.delete(number);
  let why = "The picture could not be fetched.";
  try {
    const answer = await ask(`/picture/${number}`);
    if (answer.status === 404) why = `The picture ${await answer.text()}.`;
  } catch {
    // the server is gone, which is said elsewhere
  }
  if (found !== shownImage) return;
  const said = document.createElement("p");
  said.textContent = why;
  $("picture").replaceChildren(said);
  mark();
}

const seen = () => Boolean(shownImage?.isConnected && shownImage.complete && shownImage.naturalWidth);

// --- showing -------------------------------------------------------------------------------------------

function say(text) {
  $("said").textContent = text;
}

function refuse(text) {
  const item = document.createElement("li");
  item.textContent = text;
  $("refused").firstElementChild.append(item);
  $("refused").hidden = false;
}

function filter() {
  const wanted = Object.fromEntries(new FormData(form));
  list = pairs.flatMap((pair, number) => (matches(pair, wanted) ? [number] : []));
}

function showCounts() {
  const counted = { accepted: 0, rejected: 0, undecided: 0 };
  let mended = 0;
  for (const { name } of pairs) {
    counted[state(name).verdict] += 1;
    if (state(name).caption) mended += 1;
  }
  const parts = Object.entries(counted);
  if (mended) parts.push(["mended", mended]);
  if (queue.length) parts.push(["waiting", queue.length]);
  $("counts").replaceChildren(
    ...parts.map(([what, count]) => {
      const part = document.createElement("span");
      const number = document.createElement("b");
      part.className = what;
      number.textContent = count;
      part.append(number, ` ${what}`);
      return part;
    }),
  );
  $("progress").max = pairs.length || 1;
  $("progress").value = counted.accepted + counted.rejected;
  document.body.dataset.waiting = queue.length;
}

function render() {
  filter();
  showCounts();
  const wanted = [...new FormData(form).values()].some((value) => value.trim());
  $("filtered").textContent = wanted ? `${list.length} of ${pairs.length} shown` : "";
  const pair = pairs[current];
  $("nothing").hidden = Boolean(pair);
  $("card").hidden = !pair;
  if (!pair) return;
  const stands = expected(pair.name);
  const waiting = waits(pair.name);
  $("verdict").textContent = waiting ? `${stands.verdict}: waits for the server` : stands.verdict;
  $("verdict").className = `badge ${waiting ? "" : stands.verdict}`;
  const at = list.indexOf(current);
  $("place").textContent = at < 0 ? "not among those shown" : `${at + 1} of ${list.length}`;
  $("caption").textContent = captionOf(pair) || "(no caption)";
  $("collected").hidden = !stands.caption;
  $("collected").textContent = `collected as: ${pair.caption}`;
  $("draft").hidden = typing() || drafted(pair.name) === null;
  $("checks").replaceChildren(...pair.checks.map(line));
  facts(pair);
  const wantedImage = image(current);
  if (wantedImage !== shownImage) {
    shownImage = wantedImage;
    wantedImage.alt = "The picture of this pair";
    $("picture").replaceChildren(wantedImage);
  }
  mark();
  for (const n of [list.find((n) => n > current), list.findLast((n) => n < current)]) if (n !== undefined) image(n);
}

// For whoever watches from outside: which pair this is, and whether its picture is there.
function mark() {
  document.body.dataset.pair = pairs[current].name;
  document.body.dataset.seen = seen() ? "yes" : "no";
}

function line(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

function facts(pair) {
  const stands = states.get(pair.name);
  const rows = [
    ["tuple", pair.slots.join(" – "), "strong"],
    ...Object.entries(pair.contexts),
    ["role", pair.about.role ?? "", "strong"],
    ...["split", "source", "licence", "model", "prompt", "seed"].map((key) => [key, pair.about[key] ?? ""]),
    ["also said", pair.variants.join("; ")],
    ["image", pair.image],
    ["pair", pair.name],
    ["decided", stands ? `${stands.by ? `by ${stands.by}, ` : ""}${stands.at.replace("T", " ").replace("+00:00", " UTC")}` : ""],
  ];
  $("facts").replaceChildren(
    ...rows.filter(([, value]) => value).flatMap(([key, value, kind]) => {
      const [term, text] = [document.createElement("dt"), document.createElement("dd")];
      [term.textContent, text.textContent, text.className] = [key.replaceAll("_", " "), value, kind ?? ""];
      return [term, text];
    }),
  );
}

// --- keys, buttons, filters ----------------------------------------------------------------------------

const DOES = {
  accept: () => decide("accepted"),
  reject: () => decide("rejected"),
  mend,
  undo: () => wait({ undo: true }),
  next: () => move(1),
  previous: () => move(-1),
  help: () => $("help").showModal(),
  filters: () => {
    $("filters").open = true;
    form.elements.verdict.focus();
  },
};
const KEYS = {
  a: "accept", r: "reject", e: "mend", u: "undo", f: "filters", "?": "help",
  j: "next", k: "previous", arrowright: "next", arrowleft: "previous",
};
const HELD = ["next", "previous"]; // a key held down decides once, and moves on and on

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || $("help").open) return;
  if (event.key === "Escape" && event.target.closest(".filters")) return $("main").focus();
  if (event.target.closest("input, select, textarea")) return;
  const does = KEYS[event.key.toLowerCase()];
  if (!does) return;
  event.preventDefault();
  if (!event.repeat || HELD.includes(does)) DOES[does]();
});
for (const button of document.querySelectorAll("[data-does]")) button.addEventListener("click", () => DOES[button.dataset.does]());

$("typed").addEventListener("input", () => draft(pairs[current].name, $("typed").value));
$("typed").addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Enter") {
    event.preventDefault();
    keepMended();
  } else if (event.key === "Escape") {
    event.stopPropagation();
    $("leave").click();
  }
});
$("mending").addEventListener("submit", (event) => {
  event.preventDefault();
  keepMended();
});
$("leave").addEventListener("click", () => {
  draft(pairs[current].name, null);
  stopMending();
  render();
});
$("refused").querySelector("button").addEventListener("click", () => {
  $("refused").hidden = true;
  $("refused").firstElementChild.replaceChildren();
});

function filtersChanged() {
  sessionStorage.setItem(`${room}filters`, JSON.stringify(Object.fromEntries(new FormData(form))));
  stopMending();
  filter();
  if (list.length && !list.includes(current)) current = list[0];
  render();
  if (!list.length) say("No pair is like that.");
}

form.addEventListener("input", filtersChanged);
form.addEventListener("submit", (event) => event.preventDefault());
$("all").addEventListener("click", () => {
  form.reset();
  filtersChanged();
});

function fillFilters() {
  for (const key of ["role", "split", "source"]) {
    const found = new Set(pairs.map((pair) => pair.about[key] ?? "none"));
    for (const value of [...found].sort()) form.elements[key].append(new Option(value, value));
    form.elements[key].closest("label").hidden = found.size < 2;
  }
  const kept = JSON.parse(sessionStorage.getItem(`${room}filters`) ?? "{}");
  for (const [key, value] of Object.entries(kept)) if (form.elements[key]) form.elements[key].value = value;
}

// --- start ---------------------------------------------------------------------------------------------

async function start() {
  history.replaceState(null, "", "/"); // the token is in a cookie now, and need not lie about
  navigator.locks?.request(room + tab, () => new Promise(() => {})); // this tab lives
  try {
    pairs = (await (await ask("/pairs")).json()).pairs;
  } catch {
    $("nothing").textContent = "The server does not answer. Reload when it runs again.";
    $("nothing").hidden = false;
    return;
  }
  pairs.forEach((pair, number) => {
    numbers.set(pair.name, number);
    const said = [pair.name, pair.image, pair.caption, ...pair.slots, ...pair.variants];
    pair.text = [...said, ...Object.values(pair.about), ...Object.values(pair.contexts)].join(" ").toLowerCase();
  });
  fillFilters();
  await look();
  filter();
  current = list.find((n) => expected(pairs[n].name).verdict === "undecided") ?? list[0] ?? 0;
  render();
  document.body.dataset.ready = "yes";
  setInterval(() => {
    if (!sending && (!document.hidden || troubled)) look();
  }, 2000);
}

start();
