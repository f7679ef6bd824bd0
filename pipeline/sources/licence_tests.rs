use super::*;
use proptest::prelude::*;

fn header(text: &str) -> Option<String> {
    of_source(text).map(|(id, _)| id)
}

#[test]
fn tags() {
    assert_eq!(
        of_source("// SPDX-License-Identifier: Apache-2.0 \nx"),
        Some(("Apache-2.0".into(), From::Tag))
    );
    assert_eq!(
        header("/* SPDX-License-Identifier: (MIT OR Apache-2.0) */").unwrap(),
        "(MIT OR Apache-2.0)"
    );
    assert_eq!(header("// SPDX-License-Identifier: MIT see LICENSE").unwrap(), "MIT");
    assert_eq!(header("// SPDX-License-Identifier: ???"), None);
}

#[test]
fn headers() {
    let check = |text: &str, id: &str| assert_eq!(header(text).as_deref(), Some(id), "{text}");
    check(
        " *  Permission to use, copy, modify, and/or distribute this software for any\n *  purpose with or without fee is hereby granted, provided that the above\n *  copyright notice",
        "ISC",
    );
    check(
        "# Copyright: A. All rights Reserved. #\n# License: MIT (see LICENSE file)  #",
        "MIT",
    );
    check(
        "//   Open Hardware Description License, v. 1.0. If a copy //",
        "LicenseRef-OHDL-1.0",
    );
    check(
        "// terms of the Lattice Semiconductor Corporation\n//   Open Source License Agreement.",
        "LicenseRef-Lattice-Open-Source",
    );
    check(
        "// licensed under the Solderpad Hardware License v 2.1, or the Apache License, Version 2.0",
        "SHL-2.1",
    );
    check(
        "// Solderpad Hardware License, Version 0.51 (the \"License\")",
        "SHL-0.51",
    );
    check(
        "// This source file may be used and distributed without restriction provided that this copyright statement is not removed\n// GNU Lesser General Public License; either version 2.1, or (at your option) any later version",
        "LGPL-2.1-or-later",
    );
    check("// GNU General Public License version 2 only", "GPL-2.0-only");
    check(
        "// This Source Code Form is subject to the terms of the Mozilla Public\n// License, v. 2.0.",
        "MPL-2.0",
    );
    check(
        "// (c) X. All rights reserved.\n// This file contains confidential and proprietary information",
        "LicenseRef-Proprietary",
    );
    let bsd = "Redistributions of source code must retain the above copyright\n# notice. Redistributions in binary form must reproduce";
    check(bsd, "BSD-2-Clause");
    check(&format!("{bsd} … used to endorse or promote products"), "BSD-3-Clause");
    assert_eq!(
        header("// Copyright 2020 X. All rights reserved.\nmodule a; endmodule"),
        None
    );
    assert_eq!(header("module permit(input mit);"), None);
}

#[test]
fn the_title_of_a_full_text_counts_not_what_it_mentions() {
    let gpl = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007 … use the GNU Lesser General Public License instead";
    assert_eq!(recognise(gpl).as_deref(), Some("GPL-3.0-only"));
    let mpl = "Mozilla Public License Version 2.0 … the GNU General Public License, Version 2.0, the GNU Lesser General Public License";
    assert_eq!(recognise(mpl).as_deref(), Some("MPL-2.0"));
    let ohdl = "Open Hardware Description License Version 1.0\n(Based on the MPL 2.0 RC2)";
    assert_eq!(recognise(ohdl).as_deref(), Some("LicenseRef-OHDL-1.0"));
}

#[test]
fn names_of_licence_files() {
    for yes in [
        "LICENSE",
        "a/COPYING",
        "COPYING.LESSER",
        "LICENSE.LATTICE",
        "license-mit.txt",
        "Licence.md",
        "UNLICENSE",
    ] {
        assert!(is_notice(yes), "{yes}");
    }
    for no in [
        "license.py",
        "licenses/a.v",
        "rtl/license_check.sv",
        "README",
        "LICENSE.v",
    ] {
        assert!(!is_notice(no), "{no}");
    }
}

const MIT: &str = "Permission is hereby granted, free of charge, to any person obtaining a copy";

#[test]
fn the_nearest_notice_wins_then_the_package() {
    let mut notices = Notices::default();
    notices.add(
        "x-1.dist-info/METADATA",
        "Name: x\nClassifier: License :: OSI Approved :: ISC License (ISCL)\n\nLicense-Expression: GPL-3.0-only",
    );
    assert_eq!(notices.resolve("x/a.v", "").spdx, "ISC");
    notices.add("x-1.dist-info/licenses/LICENSE", "Apache License\nVersion 2.0");
    let package = notices.resolve("x/a.v", "");
    assert_eq!((package.spdx.as_str(), package.from), ("Apache-2.0", From::Package));
    notices.add("x/LICENSE", MIT);
    notices.add("x/ext/COPYRIGHT", "Somebody");
    notices.add("x/own/LICENSE", "ask us first");
    notices.add("x/two/LICENSE-APACHE", "Apache License, Version 2.0");
    notices.add("x/two/LICENSE-MIT", MIT);
    let near = |path: &str| notices.resolve(path, "module a;").spdx;
    assert_eq!(near("x/rtl/deep/a.v"), "MIT");
    assert_eq!(near("x/ext/a.v"), "MIT");
    assert_eq!(near("x/own/a.v"), UNKNOWN);
    assert_eq!(near("x/two/a.v"), "Apache-2.0 AND MIT");
    assert_eq!(near("y/a.v"), "Apache-2.0");
    assert_eq!(notices.resolve("x/a.v", "// SPDX-License-Identifier: ISC").spdx, "ISC");
    assert_eq!(
        Notices::default().resolve("a.v", "").to_json(),
        json!({"spdx": "unknown", "from": "nowhere", "path": null})
    );
}

#[test]
fn allow_lists() {
    let allow = [
        "MIT".to_string(),
        "ISC".to_string(),
        "Apache-2.0 WITH LLVM-exception".to_string(),
    ];
    for (expression, expected) in [
        ("MIT", true),
        ("mit", true),
        ("GPL-2.0-only", false),
        ("MIT OR GPL-2.0-only", true),
        ("MIT AND GPL-2.0-only", false),
        ("MIT AND (ISC OR GPL-2.0-only)", true),
        ("GPL-2.0-only OR MIT AND BSD-2-Clause", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("(MIT", false),
        ("MIT ISC", false),
        ("", false),
        ("unknown", false),
    ] {
        assert_eq!(allowed(expression, &allow), expected, "{expression}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "(SPDX-License-Identifier: |MIT|\\(|\\)| AND | OR | WITH |é|\\.|[0-9]|\\PC){0,20}") {
        let found = Notices::default().resolve("a", &text);
        let _ = allowed(&text, &["MIT".into()]);
        prop_assert!(!found.spdx.is_empty());
    }
}
