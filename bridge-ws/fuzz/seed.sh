#!/usr/bin/env bash
# Makes frames as clients write them the corpus that fuzzing starts from: a byte for the split, then the frames.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p corpus/stomp
seed() { printf "\\007$2" >"corpus/stomp/$1"; }

seed connect 'CONNECT\naccept-version:1.0,1.1,1.2\nheart-beat:4000,4000\nlogin:a\\tb\n\n\000\n'
seed subscribe 'SUBSCRIBE\r\nid:sub-0\r\ndestination:/sub/chat/room/7\r\n\r\n\000'
seed send 'SEND\ndestination:/pub/chat/message\ncontent-length:31\n\n{"type":"TALK","channelId":"7"}\000'
seed several '\n\nSEND\na\\cb:c\\nd\\\\\n\nbody\000\nUNSUBSCRIBE\nid:sub-0\n\n\000DISCONNECT\nreceipt:r\n\n\000'
