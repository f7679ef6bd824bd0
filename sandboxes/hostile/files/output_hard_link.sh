# Leaves a second name of an input, or of a file of the image, in place of its output. Neither can be made.
ln /etc/passwd /job/out 2>/dev/null && echo ESCAPED: linked the image
ln /job/in/input.txt /job/out 2>/dev/null && echo ESCAPED: linked an input
ln -L /dev/zero /job/out 2>/dev/null && echo ESCAPED: linked a device
echo held
