/** The WebSocket between a page and the server, which a test can cut and mend. */
export class Line {
  #isCut = false;
  #sockets = new Set();
  /** WebSockets that reached the server so far. */
  opened = 0;

  /** Must be laid before the page opens its first socket. */
  static async lay(page) {
    const line = new Line();
    await page.routeWebSocket(/\/ws$/, (socket) => line.#route(socket));
    return line;
  }

  /** Breaks the connection; what follows fails until `mend`. */
  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.close({ code: 1012, reason: "cut by the test" });
    this.#sockets.clear();
  }

  mend() {
    this.#isCut = false;
  }

  #route(socket) {
    if (this.#isCut) {
      socket.close({ code: 1012, reason: "cut by the test" });
      return;
    }
    this.opened += 1;
    const server = socket.connectToServer();
    this.#sockets.add(socket);
    server.onClose((code, reason) => {
      this.#sockets.delete(socket);
      // Codes that only a network fault gives cannot be said by hand.
      socket.close(code === undefined || code === 1005 || code === 1006 ? {} : { code, reason });
    });
  }
}
