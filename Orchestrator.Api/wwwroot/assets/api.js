// Calls to the API. Every address is relative to the page's own, so that a proxy's path prefix is kept.

const KEY = 'orchestrator.key';
const TIME_LIMIT = 45_000;
const SECOND_TRY = 300;
const NO_CONTENT = 204;

export const key = {
  get: () => sessionStorage.getItem(KEY),
  set: value => sessionStorage.setItem(KEY, value),
};

/** A call that was refused, failed or got no answer (then `away` is true). */
export class Problem extends Error {
  constructor(status, code, message, { details, retryAfter, away = false } = {}) {
    super(message);
    Object.assign(this, { status, code, details, retryAfter, away });
  }
}

// What shows a call that changes state to be this page's own: the secret that each instance behind this address put into it.
const SECRET = /<meta name="orchestrator-page" content="([0-9a-f]+)">/;
const MOST_SECRETS = 8;
const secrets = [document.querySelector('meta[name=orchestrator-page]').content];

/** The header of a call that changes state; a WebSocket offers each of `secrets` as a sub-protocol instead. */
export const proof = { header: 'X-Orchestrator-Page', value: () => secrets.join(), secrets: () => [...secrets] };

/** Reads the page again until it holds a new secret, as after a restart. Returns whether it found one. */
export async function learnSecret(signal) {
  for (let looks = 0; looks < MOST_SECRETS; looks++) {
    const [, secret] = SECRET.exec(await (await fetch('.', { cache: 'no-store', signal })).text()) ?? [];
    if (secret && !secrets.includes(secret)) {
      secrets.unshift(secret);
      secrets.splice(MOST_SECRETS);
      return true;
    }
  }
  return false;
}

/** Makes a call, and once more where it lacked the secret of a process that has started since. */
export async function proven(make, signal) {
  try {
    return await make();
  } catch (problem) {
    if (problem.code !== 'PAGE_SECRET_REQUIRED' || !await learnSecret(signal).catch(() => false)) throw problem;
    return make();
  }
}

/** Sends a call and returns the response once it begins; throws a Problem unless it succeeded. A Blob is sent as it is. */
export function send(method, path, options = {}) {
  return proven(() => sendOnce(method, path, options), options.signal);
}

async function sendOnce(method, path, { body, accept = 'application/json', signal } = {}) {
  const headers = { Accept: accept };
  const isRaw = body instanceof Blob;
  if (body !== undefined) headers['Content-Type'] = isRaw ? 'application/octet-stream' : 'application/json';
  if (method !== 'GET') headers[proof.header] = proof.value();
  if (key.get()) headers['X-Api-Key'] = key.get();
  let response;
  try {
    response = await fetch(path, { method, headers, signal, cache: 'no-store', body: isRaw || body === undefined ? body : JSON.stringify(body) });
  } catch (error) {
    if (signal?.aborted && signal.reason?.name !== 'TimeoutError') throw error;
    throw new Problem(0, 'NO_ANSWER', 'The API does not answer.', { away: true });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/**
 * Sends a call and reads the answer's JSON. Tried a second time where nobody answered: each call that comes this way can
 * be made twice, and browsers break connections off whenever a network interface comes or goes, as containers' do.
 */
export async function call(method, path, body, timeLimit = TIME_LIMIT) {
  const options = { body, signal: AbortSignal.timeout(timeLimit) };
  let response;
  try {
    response = await send(method, path, options);
  } catch (problem) {
    if (problem.code !== 'NO_ANSWER' || options.signal.aborted) throw problem;
    await new Promise(resolve => setTimeout(resolve, SECOND_TRY));
    response = await send(method, path, options);
  }
  try {
    return response.status === NO_CONTENT ? null : await response.json();
  } catch {
    throw new Problem(0, 'NO_ANSWER', 'The API ended the connection within its answer.', { away: true });
  }
}

/** The Problem that an answer is. */
export async function problemOf(response) {
  let answer;
  try {
    answer = await response.json();
  } catch {
    // Not in the API's shape: it comes from a proxy.
  }
  if (typeof answer?.error !== 'string') {
    const away = [502, 503, 504].includes(response.status);
    return new Problem(response.status, `HTTP ${response.status}`,
      away ? 'The proxy does not reach the API.' : `The answer was ${response.status} ${response.statusText}`.trim(), { away });
  }
  // The wizard's calls tell the error in words, and its code beside them.
  return new Problem(response.status, answer.code ?? answer.error, answer.message ?? answer.error, {
    details: answer.details,
    retryAfter: Number(response.headers.get('Retry-After')) || undefined,
  });
}
