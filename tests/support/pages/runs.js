// Tells when Streamlit's script has run: from what the page and its server say to each other, and what is drawn.
(() => {
  const RERUN = (11 << 3) | 2, NEW_RUN = (4 << 3) | 2, FINISHED = 6 << 3;  // First bytes of messages.
  const EARLY = 2;  // Another run follows at once.
  const FRAMES = 2, PAUSE_MS = 15;
  const runs = (window.runs = { isAsked: true, quietFrames: 0 });

  // A hash (field 1) and short notes (field 2) come before what the message is.
  const kindOf = (bytes) => {
    let at = 0;
    while (bytes[at] === 0x0a || bytes[at] === 0x12) at += 2 + bytes[at + 1];
    return [bytes[at], bytes[at + 1]];
  };
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        const [kind, how] = kindOf(new Uint8Array(data));
        if (kind === NEW_RUN) runs.isAsked = true;
        if (kind === FINISHED) runs.isAsked = how === EARLY;
      });
    }
    send(message) {
      if (message[0] === RERUN) runs.isAsked = true;
      super.send(message);
    }
  };

  new MutationObserver(() => (runs.quietFrames = 0)).observe(document, {
    attributes: true, characterData: true, childList: true, subtree: true,
  });
  const isBusy = () =>
    runs.isAsked ||
    !document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]") ||
    document.querySelector("[data-testid=stSkeleton]");
  // Frames are counted only once nothing runs: the browser would compute each, beside the server.
  runs.haveSettled = async () => {
    runs.quietFrames = 0;
    while (isBusy() || runs.quietFrames <= FRAMES) {
      if (isBusy()) {
        await new Promise((resume) => setTimeout(resume, PAUSE_MS));
        runs.quietFrames = 0;
      } else {
        await new Promise(requestAnimationFrame);
        runs.quietFrames += 1;
      }
    }
    return true;
  };
})();
