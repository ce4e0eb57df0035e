// Centrifuge as a bare publish/subscribe node: every client may subscribe to and publish into every channel, nothing is
// kept, nobody is cut off for reading slowly within a run.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"runtime/debug"

	"github.com/centrifugal/centrifuge"
)

const queueBytesMax = 256 << 20

func main() {
	listen := flag.String("listen", "127.0.0.1:8000", "address to listen on")
	version := flag.Bool("version", false, "say the library's version and end")
	flag.Parse()
	if *version {
		fmt.Println("centrifuge", libraryVersion())
		return
	}
	if err := serve(*listen); err != nil {
		log.Fatal(err)
	}
}

func serve(listen string) error {
	node, err := centrifuge.New(centrifuge.Config{ClientQueueMaxSize: queueBytesMax})
	if err != nil {
		return err
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{}}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(func(_ centrifuge.SubscribeEvent, done centrifuge.SubscribeCallback) {
			done(centrifuge.SubscribeReply{}, nil)
		})
		client.OnPublish(func(_ centrifuge.PublishEvent, done centrifuge.PublishCallback) {
			done(centrifuge.PublishReply{}, nil)
		})
	})
	if err := node.Run(); err != nil {
		return err
	}
	http.Handle("/connection/websocket", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}))
	return http.ListenAndServe(listen, nil)
}

func libraryVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "of unknown version"
	}
	for _, dependency := range info.Deps {
		if dependency.Path == "github.com/centrifugal/centrifuge" {
			return dependency.Version
		}
	}
	return "of unknown version"
}
