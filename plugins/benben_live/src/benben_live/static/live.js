"use strict";
// The token stays in this variable: no other page and no other visit has it.
const root = document.documentElement.dataset.root;
const gateway = document.documentElement.dataset.gateway;
const place = new URL(root).pathname.replace(/\/$/, "");
const byId = (id) => document.getElementById(id);
const SECONDS = 60;
const samples = new Map();
let since = Infinity;
const streams = new Map();
let token = "";
let user = "";

function show(state, text) {
  byId("state").dataset.state = state;
  byId("state-text").textContent = text;
}

async function post(path, body, headers = {}) {
  const answer = await fetch(root + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.detail || found.title || "It did not work.");
  return found;
}

// A stream that comes back by itself, and goes on after the last event that it has had; first of all after `last`.
function open(path, take, last = null) {
  const stream = { socket: null, last, wait: 500, ended: false };
  const again = () => {
    if (stream.ended) return;
    setTimeout(connect, stream.wait * (0.5 + Math.random()));
    stream.wait = Math.min(stream.wait * 2, 15000);
  };
  async function connect() {
    let ticket;
    try {
      ticket = (await post("/realtime/tickets", {}, { Authorization: `Bearer ${token}` })).ticket;
    } catch (problem) {
      show("lost", "Not connected");
      return again();
    }
    if (stream.ended) return;
    const query = new URLSearchParams({ ticket });
    if (stream.last !== null) query.set("last_id", stream.last);
    const socket = new WebSocket(`${gateway.replace(/^http/, "ws")}${place}${path}?${query}`);
    stream.socket = socket;
    socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.id && message.type !== "ack") stream.last = message.id;
      if (message.type === "ready" || message.type === "reset") {
        stream.wait = 500;
        show("open", `Connected as ${user}`);
      }
      take(message);
    };
    socket.onclose = (event) => {
      if (stream.ended) return;
      if (event.code === 4001) return logOut();
      if (event.code === 4003) return show("lost", "Not permitted any more");
      show("lost", "Connecting again…");
      again();
    };
  }
  stream.end = () => {
    stream.ended = true;
    if (stream.socket) stream.socket.close();
  };
  connect();
  return stream;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function add(item) {
  const list = byId("messages");
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  list.append(item);
  while (list.children.length > 300) list.firstChild.remove();
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

function notice(text) {
  const item = element("li", text);
  item.className = "notice";
  add(item);
}

function hear(message) {
  if (message.type === "problem") {
    byId("say-error").textContent = message.problem.detail || message.problem.title;
  } else if (message.type === "reset") {
    notice("What was said before is no longer there.");
  } else if (message.type === "event") {
    const { text, user: author, at } = message.data;
    const item = document.createElement("li");
    const when = element("time", new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
    when.dateTime = at;
    const head = document.createElement("div");
    head.append(element("b", author || "somebody"), when);
    item.append(head, element("p", text));
    item.className = author === user ? "mine" : "";
    item.dataset.author = author;
    item.dataset.hue = hue(author || "");
    if (byId("messages").lastElementChild?.dataset.author === author) item.classList.add("more");
    add(item);
  }
}

// One of eight colours for each name, the same in every browser.
function hue(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 8191;
  return sum % 8;
}

function enter(room) {
  streams.get("room")?.end();
  byId("messages").replaceChildren();
  byId("room-title").textContent = `# ${room}`;
  notice(`This is ${room}.`);
  streams.set("room", open(`/live/${room}`, hear, "0"));
}

function measure(message) {
  if (message.type === "ready" || message.type === "reset") since = Math.min(since, Math.floor(Date.now() / 1000) - 1);
  if (message.type === "event") samples.set(Math.floor(Date.parse(message.data.at) / 1000), message.data);
}

function draw() {
  const now = Math.floor(Date.now() / 1000);
  for (const second of samples.keys()) if (second < now - SECONDS - 2) samples.delete(second);
  const found = [];
  // Before the page was connected it knows of nothing, which is not the same as no requests.
  const first = Math.max(now - SECONDS, Math.min(since, now));
  for (let second = first; second < now; second += 1) found.push(samples.get(second) || { requests: 0, errors: 0, mean_ms: 0 });
  const peak = Math.max(0, ...found.map((item) => item.requests));
  const top = Math.max(5, 10 ** Math.floor(Math.log10(peak || 1)) * Math.ceil((peak || 1) / 10 ** Math.floor(Math.log10(peak || 1))));
  const x = (index) => (((index + SECONDS - found.length) / (SECONDS - 1)) * 600).toFixed(1);
  const points = found.map((item, index) => `${x(index)},${(155 - (item.requests / top) * 145).toFixed(1)}`);
  byId("line").setAttribute("d", points.length ? `M${points.join("L")}` : "");
  byId("area").setAttribute("d", points.length ? `M${x(0)},155L${points.join("L")}L600,155Z` : "");
  byId("top").textContent = token ? `${top} per second` : "";
  if (!token || found.length < 2) return;
  const last = found[found.length - 1].requests ? found[found.length - 1] : found[found.length - 2];
  const total = found.reduce((sum, item) => sum + item.requests, 0);
  byId("now").textContent = last.requests;
  byId("peak").textContent = peak;
  byId("mean").textContent = total ? `${(found.reduce((sum, item) => sum + item.mean_ms * item.requests, 0) / total).toFixed(1)} ms` : "–";
  byId("errors").textContent = found.reduce((sum, item) => sum + item.errors, 0);
}

function logOut() {
  token = "";
  for (const stream of streams.values()) stream.end();
  byId("login").hidden = false;
  byId("say").hidden = true;
  show("lost", "The login has ended");
}

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  byId("login-error").textContent = "";
  const name = byId("name").value;
  try {
    token = (await post("/auth/token", { grant_type: "password", username: name, password: byId("password").value })).access_token;
  } catch (problem) {
    byId("login-error").textContent = problem.message;
    return;
  }
  user = name;
  byId("password").value = "";
  byId("login").hidden = true;
  byId("say").hidden = false;
  streams.set("traffic", open("/live/stats/traffic", measure));
  enter(byId("room").value);
  byId("text").focus();
});

byId("room-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (token) enter(byId("room").value);
});

byId("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const socket = streams.get("room").socket;
  byId("say-error").textContent = "";
  if (!socket || socket.readyState !== WebSocket.OPEN) {
    byId("say-error").textContent = "Not connected; try again in a moment.";
    return;
  }
  socket.send(JSON.stringify({ type: "publish", data: { text: byId("text").value } }));
  byId("text").value = "";
});

for (let row = 0; row < 4; row += 1) {
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  for (const [name, value] of Object.entries({ x1: 0, x2: 600, y1: 10 + row * 48.33, y2: 10 + row * 48.33 })) line.setAttribute(name, value);
  byId("grid").append(line);
}
draw();
setInterval(draw, 1000);
