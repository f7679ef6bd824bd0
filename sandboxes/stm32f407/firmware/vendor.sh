# Part of build-firmware: what a project that brings ST's HAL, LL or standard peripheral library, CMSIS or libopencm3 expects
# of the build. Reads and changes `sources`; reads `headers`, `scripts` and `options`; sets `script`,
# `search` and `defines`.

# A source as Keil's or IAR's assembler reads it.
other_assembler() { # SOURCE
  case $1 in *.s | *.S) ;; *) return 1 ;; esac
  grep -q -E '^[[:space:]]+(AREA|EXPORT|IMPORT|PRESERVE8|THUMB|MODULE|SECTION|PUBLIC|PUBWEAK|DCD)([[:space:]]|$)' "$1" &&
    ! grep -q -E '^[[:space:]]*\.(syntax|section|text|thumb|global|globl|word)' "$1"
}

# Drivers of ST's libraries for units that other chips of the family have.
for_other_chips() { # SOURCE
  local units='ltdc|dma2d|sai|qspi|dsi|lptim|spdifrx|cec|fmpi2c|fmpsmbus|fmc|sdram|dfsdm|dfsdm2|cryp|aes|des|hash|md5|sha1'
  [[ ${1##*/} =~ ^stm32f4xx_((hal|ll)_)?($units)(_ex|_aes|_des|_tdes|_md5|_sha1)?\.c$ ]]
}

# How well a startup file suits the chip by its name and place: 4 and more its own, 2 none of a chip, 0 another chip's.
suits() { # SOURCE
  local name=${1##*/} good=0
  case ${name,,} in
    *stm32f407* | *stm32f40_41* | *stm32f40x* | *stm32f4xx*) good=4 ;;
    *stm32f[0-9][0-9][0-9]* | *stm32f4[0-9]_* | *stm32f4[0-9]x*) ;;
    *) good=2 ;;
  esac
  case $1 in *[Tt]emplate*/*) ;; *) ((good += 1)) ;; esac
  echo "$good"
}

# Sources that another one reads with #include (perhaps: it may be under #if): paths, as #include and the folder of the
# reading source give them.
find_included() {
  local source name
  grep -s -H -o -E '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]*\.(c|cpp|cc|cxx)"' "${sources[@]}" /dev/null |
    while IFS=: read -r source name; do
      name=${name#*\"}
      realpath -m -s --relative-to=. "$(dirname "$source")/${name%\"}"
    done >"$work/included"
}
is_included() { # SOURCE
  grep -q -x -F "$(realpath -m -s --relative-to=. "$1")" "$work/included"
}

# Takes out of `sources` what lies beside the sources of a project and is not built with them. A template that stands alone
# stays in: then it is meant.
leave_out() {
  local source other why kept=() startups=() chosen= best=-1 good
  for source in "${sources[@]}"; do
    case $source in *.s | *.S) ;; *) continue ;; esac
    other_assembler "$source" && continue
    grep -q -E '^[[:space:]]*Reset_Handler[[:space:]]*:' "$source" || continue
    startups+=("$source")
    good=$(suits "$source")
    [ "$good" -ge "$best" ] && best=$good chosen=$source
  done
  local heaps=
  for source in "${sources[@]}"; do
    case $source in */portable/MemMang/heap_[1-5].c) heaps+=${heaps:+ }$source ;; esac
  done
  for source in "${sources[@]}"; do
    why=
    [ ${#sources[@]} -eq 1 ] || case $source in
      *stm32f4xx_*_template.c | *stm32f4xx_*_template.cpp) why="a template of ST's library" ;;
      *[Tt]emplate*/*)
        for other in "${sources[@]}"; do
          case $other in *[Tt]emplate*/*) continue ;; esac
          [ "${other##*/}" = "${source##*/}" ] && why="a template, and $other takes its place"
        done
        ;;
      */portable/MemMang/heap_[1-5].c)
        [[ $heaps == *" "* && ${source##*/} != heap_4.c && $heaps == *heap_4.c* ]] && why="one of FreeRTOS's heaps is taken, heap_4.c"
        ;;
      */portable/GCC/ARM_CM4F/* | */portable/MemMang/* | */portable/Common/*) ;;
      */portable/*/*)
        for other in "${sources[@]}"; do
          case $other in */portable/GCC/ARM_CM4F/*) why="FreeRTOS for another chip or compiler" ;; esac
        done
        ;;
    esac
    if [ -z "$why" ] && other_assembler "$source" && grep -q -w Reset_Handler "$source"; then
      why="startup code for another assembler than GNU's; other startup code takes its place"
    fi
    if [ -z "$why" ] && [ "$source" != "$chosen" ] && [[ " ${startups[*]} " == *" $source "* ]]; then
      why="$chosen is the startup code that suits this chip better"
    fi
    if [ -n "$why" ]; then
      echo "note: $source is left out: $why" >&2
    else
      kept+=("$source")
    fi
  done
  # libopencm3 comes last, as the archive would in which its makefile puts it: there are two weak definitions of a handler,
  # and the first one counts.
  local first=() last=()
  for source in "${kept[@]}"; do
    case /$source in */libopencm3/*) last+=("$source") ;; *) first+=("$source") ;; esac
  done
  sources=("${first[@]}" "${last[@]}")
}

# The last of the linker scripts counts; not one that another reads with INCLUDE, and one that only runs from RAM, as
# STM32CubeIDE puts beside the other, only where there is no choice. Those that INCLUDE names are found in every folder.
choose_script() {
  local candidate folders
  [ ${#scripts[@]} -gt 0 ] || return 0
  for candidate in "${scripts[@]}"; do
    grep -q -s -E "^[[:space:]]*INCLUDE[[:space:]]+\"?([^\"]*/)?${candidate##*/}" "${scripts[@]}" && continue
    case ${candidate##*/} in *[_-][Rr][Aa][Mm].ld | *[_-][Ss][Rr][Aa][Mm].ld) [ -z "$script" ] || continue ;; esac
    script=$candidate
  done
  grep -q -s -E '^[[:space:]]*INCLUDE[[:space:]]' "${scripts[@]}" || return 0
  find . -maxdepth 12 -type f -name '*.ld' -printf '%h\n' | sort -u >"$work/folders"
  mapfile -t folders <"$work/folders"
  search+=("${folders[@]/#/-L}")
}

# Headers as other systems find them: whatever the case of the letters, and behind backslashes. For each such name a header
# that includes the one which is meant, in a folder that is searched last; four levels down, for names that begin with "..".
other_spellings() {
  local base=$work/spelled/1/2/3/4 name target file leaf found=
  local -A exact=() meant=()
  for name in "${headers[@]}" "$here"/include/*.h; do
    leaf=${name##*/}
    exact[$leaf]=1
    meant[${leaf,,}]=${meant[${leaf,,}]:-$name}
  done
  grep -s -h -o -E '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<][^">]+[">]' "${sources[@]}" "${headers[@]}" |
    sed -E 's/^[^"<]*["<]//; s/[">]$//' | sort -u >"$work/spellings"
  while read -r name; do
    leaf=${name//\\//} leaf=${leaf##*/}
    target=${meant[${leaf,,}]:-}
    [ -n "$target" ] && { [ -z "${exact[$leaf]:-}" ] || [[ $name == *\\* ]]; } || continue
    file=$(realpath -m -s "$base/$name")
    [[ $file == "$work"/spelled/* ]] || continue
    mkdir -p "$(dirname "$file")" "$base"
    printf '#include "%s"\n' "$(realpath "$target")" >"$file"
    found=yes
  done <"$work/spellings"
  [ -z "$found" ] || include "$base"
}

# Whether a header of this name is among the firmware's own.
has_header() { # NAME
  printf '%s\n' "${headers[@]}" | grep -E "(^|/)$1\$" >/dev/null
}

# Whether the older library's list of headers is there and every header on it.
has_older_library() {
  local list name
  list=$(printf '%s\n' "${headers[@]}" | grep -E '(^|/)stm32f4xx_conf\.h$' | head -1)
  [ -n "$list" ] || return 1
  sed -n -E 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"((stm32f4xx_[a-z0-9_]+|misc)\.h)".*/\1/p' "$list" >"$work/listed"
  while read -r name; do
    has_header "${name//./\\.}" || return 1
  done <"$work/listed"
}

# What project files define on the compiler's command line. Without a value, as the headers themselves define them.
vendor_defines() {
  local source own=()
  defines=()
  if has_header 'stm32f4xx_(hal|ll_[a-z0-9]+)\.h' || has_header 'stm32f4xx\.h'; then defines+=(-DSTM32F407xx=); fi
  if has_header 'stm32f4xx_hal\.h' && has_header 'stm32f4xx_hal_conf\.h'; then
    defines+=(-DUSE_HAL_DRIVER=)
  elif has_older_library; then
    defines+=(-DUSE_STDPERIPH_DRIVER= -DSTM32F40_41xxx= -DSTM32F40XX= -DSTM32F4XX=)
  fi
  if has_header 'stm32f4xx_ll_[a-z0-9]+\.h'; then
    for source in "${sources[@]}"; do
      case ${source##*/} in stm32f4xx_ll_* | stm32f4xx_hal*) ;; *) own+=("$source") ;; esac
    done
    # The LL's functions of initialization are compiled on request only.
    [ ${#own[@]} -gt 0 ] && grep -q -s -E '\<LL_[A-Z0-9]+(_[A-Za-z0-9]+)?_(Init|StructInit|DeInit)\>' "${own[@]}" &&
      defines+=(-DUSE_FULL_LL_DRIVER=)
  fi
  grep -q -s -E '(__I|volatile)[[:space:]].*AHBPrescTable\[16\]' "${sources[@]}" "${headers[@]}" && defines+=(-DASSAY_OWN_PRESCALER_TABLES)
  has_header 'arm_math\.h' && defines+=(-DARM_MATH_CM4=)
  has_header 'libopencm3/.*\.h' && defines+=(-DSTM32F4)
  # What the caller defines is defined as he says.
  local option index
  for option in "${options[@]}"; do
    for index in "${!defines[@]}"; do
      [ "${option%%=*}" = "${defines[index]%%=*}" ] && unset "defines[index]"
    done
  done
  return 0
}
