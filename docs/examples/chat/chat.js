// The page of the chat. It hears JSON and says plain text; what others say becomes text nodes, and never markup.

const at = (id) => document.getElementById(id);
const [status, rename, here, log, newer] = ["status", "rename", "here", "log", "newer"].map(at);
const [composer, text, who, nameField] = ["composer", "text", "who", "name"].map(at);
const send = composer.querySelector("button");

/** Who is here, and which of them is this page. */
const names = new Set();
let you = "";
let socket;
let retries = 0;
/** Who said the last message, and when: what follows soon stands below without a name. */
let last = { name: "", at: 0 };

if (storedName() === "") who.showModal();
else connect();

function connect() {
  const url = new URL("room", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("name", storedName());
  socket = new WebSocket(url);
  socket.onmessage = ({ data }) => hear(JSON.parse(data));
  socket.onclose = () => {
    show("lost", "connection lost, trying again");
    // A little longer each time, and not all pages at once.
    const wait = Math.min(500 * 2 ** retries++, 10_000) * (0.5 + Math.random());
    setTimeout(connect, wait);
  };
}

function hear(event) {
  switch (event.type) {
    case "welcome":
      return welcome(event);
    case "came":
      names.add(event.name);
      if (event.name !== you) note(`${event.name} came`);
      break;
    case "left":
      names.delete(event.name);
      note(`${event.name} left`);
      break;
    case "renamed":
      names.delete(event.name);
      names.add(event.now);
      note(event.name === you ? `you are ${event.now} now` : `${event.name} is ${event.now} now`);
      if (event.name === you) iAm(event.now);
      break;
    case "said":
      return add(event);
  }
  showNames();
}

function welcome(event) {
  retries = 0;
  iAm(event.you);
  names.clear();
  for (const name of [...event.here, event.you]) names.add(name);
  log.replaceChildren();
  last = { name: "", at: 0 };
  for (const said of event.before) add(said);
  note(`you came in as ${you}`);
  showNames();
  show("open", "");
}

function iAm(name) {
  you = name;
  rename.textContent = name;
  rename.hidden = false;
}

function show(state, words) {
  status.dataset.state = state;
  status.textContent = words;
  send.disabled = state !== "open" || text.value.trim() === "";
}

function showNames() {
  const people = [...names].sort((a, b) => Number(b === you) - Number(a === you) || a.localeCompare(b));
  here.replaceChildren(
    ...people.map((name) => {
      const item = element("li", name === you ? "you" : "", face(name), element("span", "", name));
      item.title = name;
      return item;
    }),
  );
  if (status.dataset.state === "open" || names.size > 0) {
    status.textContent = names.size === 1 ? "only you are here" : `${names.size} are here`;
  }
}

function add({ name, text, at }) {
  const isOwn = name === you;
  const isFirst = name !== last.name || at - last.at > 300_000;
  last = { name, at };
  const time = element(
    "time",
    "",
    new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }),
  );
  time.dateTime = new Date(at).toISOString();
  const item = element(
    "li",
    `said${isOwn ? " own" : ""}${isFirst ? " first" : ""}`,
    face(name),
    element("span", "from", name),
    element("div", "bubble", text, time),
  );
  tint(item, name);
  append(item, isOwn);
}

function note(words) {
  last = { name: "", at: 0 };
  append(element("li", "event", words), false);
}

/** Follows what is said, unless somebody has scrolled up to read. */
function append(item, isOwn) {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  log.append(item);
  while (log.children.length > 500) log.firstChild.remove();
  if (isAtEnd || isOwn) log.scrollTop = log.scrollHeight;
  else newer.hidden = false;
}

function face(name) {
  const letters = name.match(/[\p{L}\p{N}]+/gu) ?? ["?"];
  const item = element(
    "span",
    "face",
    letters
      .map((word) => [...word][0])
      .slice(0, 2)
      .join("")
      .toUpperCase(),
  );
  item.setAttribute("aria-hidden", "true");
  return tint(item, name);
}

/** The same color for the same name, on every page. */
function tint(item, name) {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)) % 360;
  item.style.setProperty("--hue", hash);
  return item;
}

function element(tag, className, ...children) {
  const item = document.createElement(tag);
  item.className = className;
  item.append(...children);
  return item;
}

log.addEventListener("scroll", () => {
  if (log.scrollHeight - log.scrollTop - log.clientHeight < 80) newer.hidden = true;
});
newer.addEventListener("click", () => log.scrollTo({ top: log.scrollHeight, behavior: "smooth" }));

text.addEventListener("input", () => {
  send.disabled = socket?.readyState !== WebSocket.OPEN || text.value.trim() === "";
});
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});
composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const words = text.value.trim();
  // What cannot be said now stays there to be said later.
  if (words === "" || socket?.readyState !== WebSocket.OPEN) return;
  socket.send(words);
  text.value = "";
  send.disabled = true;
  text.focus();
});

rename.addEventListener("click", () => {
  nameField.value = you;
  who.showModal();
  nameField.select();
});
who.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = nameField.value.trim();
  if (name !== "") {
    storeName(name);
    if (socket?.readyState === WebSocket.OPEN) socket.send(`/name ${name}`);
  }
  who.close();
});
who.addEventListener("close", () => {
  // Whoever does not want to say comes in as a guest.
  if (socket === undefined) connect();
  text.focus();
});

// Browsers that keep nothing for this page refuse both.

function storedName() {
  try {
    return localStorage.getItem("name") ?? "";
  } catch {
    return "";
  }
}

function storeName(name) {
  try {
    localStorage.setItem("name", name);
  } catch {
    console.info("the name is not kept");
  }
}
