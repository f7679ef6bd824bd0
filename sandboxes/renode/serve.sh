#!/bin/bash
# Keeps one Renode running for whoever talks to it over our standard streams; ends when standard input does, or Renode.
#   standard input, a command a line:
#     say LINE         sends LINE to the monitor
#     put NAME BYTES   the next BYTES bytes are the file /job/NAME
#     get NAME FROM    answers on standard error: a line with how many bytes follow, and what is in /job/NAME from there on
#     forget NAME      removes /job/NAME.*
#   standard output: the monitor's bytes, as they come. A NAME is letters, digits and dots; whoever asks sees to that.
set -u
cd /job
# Code is written to memory that is mapped once; no sockets for debuggers; no tables of languages.
export DOTNET_EnableWriteXorExecute=0 DOTNET_EnableDiagnostics=0 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
exec 3>&2 2>errors
# Nobody else is in this network.
port=1234
renode --disable-xwt --plain -P $port --config /job/config --pid-file /job/pid </dev/null >said 2>&1 &
until exec 9<>/dev/tcp/127.0.0.1/$port; do
  if ! kill -0 $!; then
    echo "it ended and said: $(tail -c 2000 said)" >&3
    exit 1
  fi
  sleep 0.05
done
# As the first process of a sandbox it dies of no signal that it does not want.
trap 'exit 1' TERM
{ cat <&9; kill $$; } 3>&- &
exec >&-
while IFS= read -r line; do
  case $line in
    'say '*) printf '%s\n' "${line#say }" >&9 ;;
    'put '*)
      read -r _ name bytes <<<"$line"
      head -c "$bytes" >"$name"
      ;;
    'get '*)
      read -r _ name from <<<"$line"
      size=$from
      [ -e "$name" ] && size=$(stat -c %s "$name")
      echo $((size - from)) >&3
      tail -c "+$((from + 1))" "$name" | head -c $((size - from)) >&3
      ;;
    'forget '*) rm -f "${line#forget }".* ;;
  esac
done
