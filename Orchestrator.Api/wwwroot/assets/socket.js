// A runner's terminal over a WebSocket: bytes both ways, its size as text.

import { key, learnSecret, proof } from './api.js';

const FINISHED = 1_000;

/**
 * Opens a terminal, or attaches to the one of a process. `onOpen` gets its process id, `onEnd` whether its program has
 * finished, whether it was open, and why it ended in words.
 */
export function connect(session, { cols, rows, pid }, { onOpen, onData, onEnd }) {
  const query = new URLSearchParams({ cols, rows, ...(pid && { pid }) });
  const address = new URL(`api/runner/${encodeURIComponent(session)}/terminal?${query}`, document.baseURI);
  address.protocol = address.protocol.replace('http', 'ws');
  const socket = new WebSocket(address, protocols());
  let wasOpen = false;
  socket.binaryType = 'arraybuffer';
  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') {
      wasOpen = true;
      onOpen(JSON.parse(data).pid);
    } else {
      onData(new Uint8Array(data));
    }
  };
  socket.onclose = async ({ code, reason }) => {
    // A page is not told why a socket was refused: perhaps its process has restarted.
    if (!wasOpen) await learnSecret().catch(() => false);
    if (socket.onclose) onEnd({ finished: code === FINISHED, wasOpen, reason });
  };

  return {
    send: bytes => isOpen() && socket.send(bytes),
    resize: size => isOpen() && socket.send(JSON.stringify({ resize: size })),
    close: () => {
      socket.onmessage = socket.onclose = null;
      // Browsers complain of one that is closed while it opens.
      if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
      else socket.close();
    },
  };

  function isOpen() {
    return socket.readyState === WebSocket.OPEN;
  }
}

// A page can set no header of a WebSocket; what it can set is the list of sub-protocols.
function protocols() {
  const names = ['orchestrator.terminal', ...proof.secrets().map(secret => `orchestrator.page.${secret}`)];
  if (key.get()) names.push(`orchestrator.key.${base64Url(new TextEncoder().encode(key.get()))}`);
  return names;
}

function base64Url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
