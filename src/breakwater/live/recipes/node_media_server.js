// node-media-server as breakwater drives it: `node breakwater-nms.js config.json`.
// The stock server tells of publishers and players after they are in, and does not say which
// player plays what. So this asks breakwater at each publish and play, lets nothing flow until the
// answer is there, and answers on a control port of its own: who publishes and plays what, and the
// end of any of them. For node-media-server 4.
"use strict";
const crypto = require("node:crypto");
const fs = require("node:fs");
const http = require("node:http");
const NodeMediaServer = require("node-media-server");
const { version } = require("node-media-server/package.json");

const config = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const { hook, host, port, user, password } = config.breakwater;
const nms = new NodeMediaServer(config.server);
const sessions = new Map();

const nameOf = (session) => `${session.streamApp}/${session.streamName}`;
const socketOf = (session) => session.socket ?? session.req?.socket ?? session.res?._socket;
const addressOf = (session) => session.ip.replace(/:\d+$/, "").replace(/^::ffff:/, "");
const end = (session) => socketOf(session)?.destroy() ?? session.close();

async function ask(call, session) {
  const form = new URLSearchParams({
    app: session.streamApp, name: session.streamName, call,
    clientid: session.id, addr: addressOf(session),
  });
  for (const key of ["watch", "key"]) {
    const said = session.streamQuery?.[key];
    if (typeof said === "string") form.set(key, said);
  }
  try {
    return (await fetch(`${hook}/rtmp`, { method: "POST", body: form })).ok;
  } catch {
    return false; // breakwater is away: nobody new comes in
  }
}

function guard(call, session) {
  if (!session.ip) return; // its own, not somebody's
  const socket = socketOf(session);
  const send = session.sendBuffer;
  let held = [];
  sessions.set(session.id, { session, call, since: Date.now() });
  socket?.once("close", () => {
    if (sessions.delete(session.id) && call === "publish") ask("publish_done", session);
  });
  if (call === "publish") socket?.pause();
  else session.sendBuffer = (buffer) => held.length < 4096 && held.push(buffer);
  ask(call, session).then((allowed) => {
    if (!allowed) return end(session);
    session.sendBuffer = send;
    held.forEach((buffer) => send(buffer));
    held = [];
    socket?.resume();
  });
}

nms.on("prePublish", (session) => guard("publish", session));
nms.on("prePlay", (session) => guard("play", session));

function listed() {
  const streams = {};
  for (const { session, call, since } of sessions.values()) {
    const name = nameOf(session);
    const one = (streams[name] ??= { name, publishers: [], players: [] });
    (call === "publish" ? one.publishers : one.players).push({
      client: session.id,
      address: addressOf(session),
      port: Number(/:(\d+)$/.exec(session.ip)?.[1]) || null,
      seconds: (Date.now() - since) / 1000,
      watch: session.streamQuery?.watch ?? "",
    });
    if (call === "publish") {
      one.width = session.videoWidth;
      one.height = session.videoHeight;
      one.bytes = session.inBytes;
    }
  }
  return { version, streams: Object.values(streams) };
}

const proof = Buffer.from("Basic " + Buffer.from(`${user}:${password}`).toString("base64"));
const proven = (said) => said.length === proof.length && crypto.timingSafeEqual(said, proof);

http
  .createServer((request, response) => {
    const say = (status, body) => response.writeHead(status).end(JSON.stringify(body));
    if (!proven(Buffer.from(request.headers.authorization ?? ""))) return say(401, {});
    if (request.method === "GET" && request.url === "/streams") return say(200, listed());
    const wanted = /^\/sessions\/([a-z0-9]+)$/.exec(request.url);
    if (request.method !== "DELETE" || !wanted) return say(404, {});
    const known = sessions.get(wanted[1]);
    if (known) end(known.session);
    return say(known ? 200 : 404, {});
  })
  .listen(port, host);

nms.run();
