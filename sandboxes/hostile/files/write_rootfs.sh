# Changes the image, the inputs of the job or the devices. All of them must be as before.
for path in /x /usr/x /usr/bin/x /etc/x /dev/x /proc/x /job/in/x /run/x; do
  (: >"$path") 2>/dev/null && echo "ESCAPED: wrote $path"
done
(echo x >>/etc/passwd) 2>/dev/null && echo "ESCAPED: appended to /etc/passwd"
(echo x >/job/in/input.txt) 2>/dev/null && echo "ESCAPED: overwrote an input"
chmod 777 /job/in/input.txt 2>/dev/null && echo "ESCAPED: chmod of an input"
rm -f /job/in/input.txt 2>/dev/null
mv /job/in /job/out 2>/dev/null && echo "ESCAPED: moved the inputs"
rmdir /job/in 2>/dev/null
[ "$(cat /job/in/input.txt)" = original ] && echo held
