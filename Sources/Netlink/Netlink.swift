package enum NetlinkPlaceholder {}
