// A clock, run as a worker: posts a message every given number of milliseconds.
let timer;
onmessage = ({ data }) => {
  clearInterval(timer);
  timer = setInterval(() => postMessage(0), data);
};
