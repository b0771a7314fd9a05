// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Writes a 32-byte root into the chain's event log, with the address that sent it.
/// @dev Call it with the root itself as calldata: 32 bytes, no selector. The block's receipts root then commits to
///      `Anchored(anchorer, root)`, which a Merkle-Patricia proof shows to whoever has the block's hash.
///
/// What it does not do:
/// - It has no storage, no owner, no upgrade, no constructor argument: nobody can change it or what it recorded.
/// - It does not restrict who anchors. A verifier pins the anchorers that it trusts and ignores the rest.
/// - It does not refuse a root that was anchored before, keep an order or a count: blocks and logs have one.
/// - It takes no value and answers no call: other contracts cannot look a root up.
contract AnchorRegistry {
    // ---------------------------------------------------------------- errors

    /// @dev The calldata is not exactly one root. `length` is what was sent, in bytes.
    error NotOneRoot(uint256 length);

    // ---------------------------------------------------------------- events

    /// @dev `anchorer` sent `root`. Both are indexed; there is no data.
    event Anchored(address indexed anchorer, bytes32 indexed root);

    // ------------------------------------------------------------ operations

    /// @dev Takes the root as the whole calldata. Every call ends here, an empty one too, as there is no function and
    ///      no `receive`. Not payable: a call with value reverts without data.
    fallback() external {
        if (msg.data.length != 32) revert NotOneRoot(msg.data.length);
        emit Anchored(msg.sender, bytes32(msg.data));
    }
}
