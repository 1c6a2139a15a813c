// PDQ of a picture's pixels, on the device: bit for bit what `breakwater.kernel` computes.
// In: RGBA as a canvas gives it. Out: {hash: 64 hexadecimal digits, quality: 0 to 100}. Each sum and
// quotient is rounded to 32 bits in the order of kernel/twin_pdq.py, which says where it comes from.
// Tests: tests/integration/test_own_picture_hash.py runs it in a browser beside the kernel.
(() => {
  "use strict";
  const bw = (window.breakwater = window.breakwater || {});
  const f = Math.fround;
  const SIDE = 64;
  const LOW = 16;
  const SMALLEST = 5;

  const dct = () => {
    const scale = f(Math.sqrt(2 / SIDE));
    const table = new Float32Array(LOW * SIDE);
    for (let i = 0; i < LOW; i++) {
      for (let j = 0; j < SIDE; j++) {
        table[i * SIDE + j] = scale * Math.cos((Math.PI / 2 / SIDE) * (i + 1) * (2 * j + 1));
      }
    }
    return table;
  };
  const DCT = dct();

  // Transparent parts on white, as Pillow pastes them: 0..255 each, so that the rest is whole numbers.
  const over = (value, alpha) => {
    const mixed = alpha * value + (255 - alpha) * 255 + 128;
    return (mixed + (mixed >> 8)) >> 8;
  };

  const luma = (rgba, count) => {
    const out = new Float32Array(count);
    for (let at = 0, from = 0; at < count; at++, from += 4) {
      const alpha = rgba[from + 3];
      let red = rgba[from];
      let green = rgba[from + 1];
      let blue = rgba[from + 2];
      if (alpha !== 255) {
        red = over(red, alpha);
        green = over(green, alpha);
        blue = over(blue, alpha);
      }
      out[at] = (red * 299 + green * 587 + blue * 114) / 1000;
    }
    return out;
  };

  // A running sum along lines: `lines` of them, each `length` values `step` apart, lines `apart`.
  const box = (from, to, length, step, lines, apart) => {
    const window = Math.floor((length + 127) / 128);
    const half = Math.floor((window + 2) / 2);
    const total = new Float32Array(lines);
    let count = 0;
    for (let t = 0; t < length + half - 1; t++) {
      if (t < length) count = Math.min(t + 1, window);
      else count -= 1;
      const adds = t < length ? t * step : -1;
      const takes = t >= window ? (t - window) * step : -1;
      const gives = t + 1 >= half ? (t + 1 - half) * step : -1;
      for (let line = 0, at = 0; line < lines; line++, at += apart) {
        let sum = total[line];
        if (adds >= 0) sum = f(sum + from[adds + at]);
        if (takes >= 0) sum = f(sum - from[takes + at]);
        total[line] = sum;
        if (gives >= 0) to[gives + at] = sum / count;
      }
    }
  };

  // The same with the lines lying along the rows: one line after the other, as memory has them.
  const along = (from, to, width, height) => {
    for (let row = 0; row < height; row++) {
      const at = row * width;
      box(from.subarray(at, at + width), to.subarray(at, at + width), width, 1, 1, width);
    }
  };

  const small = (first, width, height) => {
    const second = new Float32Array(first.length);
    for (let pass = 0; pass < 2; pass++) {
      along(first, second, width, height);
      box(second, first, height, width, width, 1);
    }
    const out = new Float32Array(SIDE * SIDE);
    for (let i = 0; i < SIDE; i++) {
      const row = Math.floor(((i + 0.5) * height) / SIDE) * width;
      for (let j = 0; j < SIDE; j++) out[i * SIDE + j] = first[row + Math.floor(((j + 0.5) * width) / SIDE)];
    }
    return out;
  };

  const coefficients = (square) => {
    const halves = new Float32Array(LOW * SIDE);
    for (let i = 0; i < LOW; i++) {
      for (let j = 0; j < SIDE; j++) {
        let sum = 0;
        for (let k = 0; k < SIDE; k++) sum = f(sum + f(DCT[i * SIDE + k] * square[k * SIDE + j]));
        halves[i * SIDE + j] = sum;
      }
    }
    const whole = new Float32Array(LOW * LOW);
    for (let i = 0; i < LOW; i++) {
      for (let j = 0; j < LOW; j++) {
        let sum = 0;
        for (let k = 0; k < SIDE; k++) sum = f(sum + f(halves[i * SIDE + k] * DCT[j * SIDE + k]));
        whole[i * LOW + j] = sum;
      }
    }
    return whole;
  };

  const bits = (whole) => {
    const median = Float32Array.from(whole).sort()[127];
    const bytes = new Uint8Array(32);
    for (let at = 0; at < 256; at++) {
      if (whole[at] > median) bytes[31 - (at >> 3)] |= 1 << (at & 7);
    }
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  const quality = (square) => {
    let total = 0;
    const add = (a, b) => (total += Math.abs(Math.trunc(f(f(f(a - b) * 100) / 255))));
    for (let i = 0; i < SIDE; i++) {
      for (let j = 0; j < SIDE; j++) {
        const at = i * SIDE + j;
        if (i + 1 < SIDE) add(square[at], square[at + SIDE]);
        if (j + 1 < SIDE) add(square[at], square[at + 1]);
      }
    }
    return Math.min(Math.floor(total / 90), 100);
  };

  bw.pdq = (rgba, width, height) => {
    if (Math.min(width, height) < SMALLEST) return { hash: "0".repeat(64), quality: 0 };
    const square = small(luma(rgba, width * height), width, height);
    return { hash: bits(coefficients(square)), quality: quality(square) };
  };
})();
