import { defineConfig } from "vitest/config";

const server = "http://127.0.0.1:8080";

export default defineConfig({
  build: {
    target: "es2022",
    // The page is embedded in the server's binary, so every byte is carried by each copy of it.
    sourcemap: false,
    assetsInlineLimit: 0,
  },
  server: {
    port: 5173,
    // The server takes WebSockets and cookies only from its own origin; the proxy therefore speaks as that origin.
    proxy: {
      "/api": { target: server, changeOrigin: true, headers: { origin: server } },
      "/ws": { target: server, changeOrigin: true, ws: true, rewriteWsOrigin: true },
    },
  },
  test: {
    include: ["test/**/*.test.ts"],
    environment: "node",
  },
});
