// What leaves the device: SHA-256 of a file, the look of a picture, and a little work that costs floods more.
// A picture is read with its colours as they stand in the file, turned as the camera says: as media/image.py does.
// Tests: tests/integration/test_own_picture_hash.py.
(() => {
  "use strict";
  const bw = (window.breakwater = window.breakwater || {});
  const AT_ONCE = 256 << 20; // bytes that the browser hashes in one piece
  const SLICE = 4 << 20;
  const MOST_PIXELS = 100e6;
  const TRIES = 20000; // between two pauses, so that the page stays alive

  // FIPS 180-4: the first 32 bits of the fractions of roots of the first primes.
  const primes = () => {
    const found = [];
    for (let n = 2; found.length < 64; n++) if (found.every((p) => n % p)) found.push(n);
    return found;
  };
  const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
  const K = Int32Array.from(primes(), (p) => fraction(Math.cbrt(p)));
  const START = Int32Array.from(primes().slice(0, 8), (p) => fraction(Math.sqrt(p)));
  const W = new Int32Array(64);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));

  const block = (state, bytes, from) => {
    for (let t = 0; t < 16; t++, from += 4) {
      W[t] = (bytes[from] << 24) | (bytes[from + 1] << 16) | (bytes[from + 2] << 8) | bytes[from + 3];
    }
    for (let t = 16; t < 64; t++) {
      const a = W[t - 15];
      const b = W[t - 2];
      W[t] = (W[t - 16] + W[t - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t++) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[t] + W[t]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d;
    state[4] += e; state[5] += f; state[6] += g; state[7] += h;
  };

  // The last bytes with their padding: a one, zeros, the length in bits.
  const ended = (rest, length) => {
    const out = new Uint8Array(rest.length + 9 <= 64 ? 64 : 128);
    out.set(rest);
    out[rest.length] = 0x80;
    const view = new DataView(out.buffer);
    view.setUint32(out.length - 8, Math.floor(length / 2 ** 29));
    view.setUint32(out.length - 4, (length << 3) >>> 0);
    return out;
  };
  const finish = (state, rest, length) => {
    const last = ended(rest, length);
    for (let at = 0; at < last.length; at += 64) block(state, last, at);
  };
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const spelled = (state) => Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");

  const inSlices = async (file) => {
    const state = Int32Array.from(START);
    let rest = new Uint8Array(0);
    for (let at = 0; at < file.size; at += SLICE) {
      rest = new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer());
      const whole = rest.length - (rest.length % 64);
      for (let from = 0; from < whole; from += 64) block(state, rest, from);
      rest = rest.subarray(whole);
    }
    finish(state, rest, file.size);
    return spelled(state);
  };

  bw.sha256 = async (file, most = AT_ONCE) => {
    if (!window.crypto?.subtle || file.size > most) return inSlices(file);
    return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())));
  };

  // The look of a picture; null where this browser cannot show the file or it is too large.
  bw.picture = async (file) => {
    const how = { colorSpaceConversion: "none", premultiplyAlpha: "none", imageOrientation: "from-image" };
    let shown;
    try {
      shown = await createImageBitmap(file, how);
    } catch {
      return null;
    }
    const { width, height } = shown;
    if (width * height > MOST_PIXELS) return null;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.drawImage(shown, 0, 0);
    shown.close();
    const found = bw.pdq(pen.getImageData(0, 0, width, height).data, width, height);
    canvas.width = canvas.height = 0;
    return found;
  };

  // A number whose SHA-256 with the challenge begins with so many zero bits (hashcash, Back 2002).
  bw.work = async (challenge, bits, tell = () => {}) => {
    const text = new TextEncoder();
    const state = new Int32Array(8);
    for (let tries = 0; ; tries++) {
      const bytes = text.encode(`${challenge}:${tries}`);
      const whole = bytes.length - (bytes.length % 64);
      state.set(START);
      for (let from = 0; from < whole; from += 64) block(state, bytes, from);
      finish(state, bytes.subarray(whole), bytes.length);
      if (bits === 0 || state[0] >>> (32 - bits) === 0) return String(tries);
      if (tries % TRIES === TRIES - 1) {
        tell(tries / 2 ** bits);
        await new Promise((go) => setTimeout(go, 0));
      }
    }
  };
})();
