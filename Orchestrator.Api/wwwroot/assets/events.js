// Reads server-sent events from an answer: EventSource can neither POST nor send a key.

/** Yields { event, data, id } for each event, data read as JSON; id is missing where the event has none. */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop();
      // A comment only keeps the connection alive.
      for (const block of blocks) if (!block.startsWith(':')) yield read(block);
    }
  } finally {
    // A reader that stops lets the server stop too.
    reader.cancel().catch(() => {});
  }
}

function read(block) {
  let event = 'message';
  let data = '';
  let id;
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) event = line.slice(7);
    else if (line.startsWith('data: ')) data += line.slice(6);
    else if (line.startsWith('id: ')) id = line.slice(4);
  }
  return { event, data: data ? JSON.parse(data) : null, id };
}
