// Tells when Streamlit's script has run: from what the page and its server say to each other, and what is drawn.
(() => {
  const RERUN = (11 << 3) | 2, NEW_RUN = (4 << 3) | 2, FINISHED = 6 << 3;  // First bytes of messages.
  const EARLY = 2;  // Another run follows at once.
  const FRAMES = 2;
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
  // Asked once a frame.
  runs.haveSettled = () => {
    const isRunning = !document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]");
    const isLoading = document.querySelector("[data-testid=stSkeleton]");
    runs.quietFrames = runs.isAsked || isRunning || isLoading ? 0 : runs.quietFrames + 1;
    return runs.quietFrames > FRAMES;
  };
})();
