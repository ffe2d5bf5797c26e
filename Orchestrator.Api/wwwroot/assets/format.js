// Formats figures and times.

const whole = new Intl.NumberFormat('en');

export const number = value => whole.format(value);

/** A length of time in its largest unit: 420 ms, 12 s, 4 min, 3 h, 2 d. */
export function duration(milliseconds) {
  const ms = Math.max(0, milliseconds);
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A length of time in whole seconds, for what is looked at every second. */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1_000));
  return seconds < 120 ? `${seconds} s` : duration(milliseconds);
}

export function age(milliseconds) {
  return milliseconds < 1_000 ? 'now' : duration(Math.floor(milliseconds / 1_000) * 1_000).replace('.0 s', ' s');
}

/** A number of bytes: 312 B, 4.2 KiB, 17 MiB. */
export function size(bytes) {
  let value = bytes;
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (value < 1_024) return `${value < 10 && unit !== 'B' ? value.toFixed(1) : Math.round(value)} ${unit}`;
    value /= 1_024;
  }
  return `${Math.round(value)} TiB`;
}

/** Hashes a second: 12.3 MH/s. */
export function rate(hashes) {
  let value = hashes;
  for (const unit of ['H/s', 'kH/s', 'MH/s', 'GH/s']) {
    if (value < 1_000) return `${value < 10 && unit !== 'H/s' ? value.toFixed(1) : Math.round(value)} ${unit}`;
    value /= 1_000;
  }
  return `${Math.round(value)} TH/s`;
}

/** The beginning of something long. */
export function short(value, length = 12) {
  const words = String(value);
  return words.length > length ? `${words.slice(0, length)}…` : words;
}

export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
