// A clock, run as a worker: says "now" every so many milliseconds.
let timer;
onmessage = ({ data }) => {
  clearInterval(timer);
  timer = setInterval(() => postMessage(0), data);
};
