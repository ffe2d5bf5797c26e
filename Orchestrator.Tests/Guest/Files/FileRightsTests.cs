using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Orchestrator.Guest.Files;
using Orchestrator.Guest.Protocol;
using Orchestrator.Guest.Serving;
using Orchestrator.Guest.Supervision;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest.Files;

/// <summary>What the code user may not do, nobody may through the guest.</summary>
[SupportedOSPlatform("linux")]
public sealed partial class FileRightsTests : IAsyncLifetime
{
    private GuestFiles _guest = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", Component.Root.Reason("the test acts as another user"));
        _guest = await GuestFiles.StartAsync(new NobodyConnector());
        File.SetUnixFileMode(Path.GetDirectoryName(_guest.Folder)!, (UnixFileMode)0x1ed);
    }

    public ValueTask DisposeAsync() => _guest?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Link_ToAnothersFile_IsFollowedWithTheCodeUsersRights()
    {
        var secret = _guest.Write("secret", "root's");
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(_guest.At("link"), secret);
        File.CreateSymbolicLink(_guest.At("shown"), "/etc/passwd");

        using var read = await _guest.GetAsync(_guest.At("link"));
        using var written = await _guest.SendAsync(HttpMethod.Post, GuestFiles.Url(_guest.At("link")), new StringContent("x"));
        using var replaced = await _guest.SendAsync(HttpMethod.Put, GuestFiles.Url(_guest.At("link")), new StringContent("x"));
        using var shown = await _guest.GetAsync(_guest.At("shown"));

        Assert.Equal(
            [HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.OK],
            [read.StatusCode, written.StatusCode, replaced.StatusCode, shown.StatusCode]);
        Assert.Equal("root's", await File.ReadAllTextAsync(secret, Cancelled));
    }

    [Fact]
    public async Task Remove_OnesOwnReadOnlyTree_TakesIt()
    {
        File.SetUnixFileMode(_guest.Folder, (UnixFileMode)0x1ff);
        foreach (var name in new[] { "tree/a/b/c", "tree/d" })
        {
            using var made = await _guest.SendAsync(HttpMethod.Put, GuestFiles.Url(_guest.At(name)), new StringContent("x"));
            Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        }

        File.SetUnixFileMode(_guest.At("tree", "a", "b"), UnixFileMode.None);
        File.SetUnixFileMode(_guest.At("tree", "a"), (UnixFileMode)0x16d);
        File.SetUnixFileMode(_guest.At("tree"), (UnixFileMode)0x16d);

        Assert.Equal(HttpStatusCode.OK, (await _guest.CallAsync("Remove", new { path = _guest.At("tree") })).Status);
        Assert.False(Directory.Exists(_guest.At("tree")));
    }

    [Fact]
    public async Task Remove_AnothersTree_IsRefusedAndGoesOnPastIt()
    {
        File.SetUnixFileMode(_guest.Folder, (UnixFileMode)0x1ff);
        _guest.Write("mixed/roots/file", "x");
        File.SetUnixFileMode(_guest.At("mixed"), (UnixFileMode)0x1ff);
        using var own = await _guest.SendAsync(HttpMethod.Put, GuestFiles.Url(_guest.At("mixed", "z", "own")), new StringContent("x"));

        var (status, error) = await _guest.CallAsync("Remove", new { path = _guest.At("mixed") });

        Assert.Equal((HttpStatusCode.Forbidden, "permission_denied"), (status, error.GetProperty("code").GetString()));
        Assert.True(File.Exists(_guest.At("mixed", "roots", "file")));
        Assert.False(Directory.Exists(_guest.At("mixed", "z")));
    }

    [Fact]
    public async Task Tree_WithAReadOnlyFolder_IsUnpackedByItsOwner()
    {
        File.SetUnixFileMode(_guest.Folder, (UnixFileMode)0x1ff);
        _guest.Write("from/locked/deep/file", "x");
        File.SetUnixFileMode(_guest.At("from", "locked", "deep"), (UnixFileMode)0x16d);
        File.SetUnixFileMode(_guest.At("from", "locked"), (UnixFileMode)0x16d);
        using var archive = await _guest.SendAsync(HttpMethod.Get, GuestFiles.Url(_guest.At("from"), "&format=tar"), null);
        var bytes = await archive.Content.ReadAsByteArrayAsync(Cancelled);

        for (var round = 0; round < 2; round++)
        {
            // Over itself as well: then folders that are read-only are merged.
            using var written = await _guest.SendAsync(HttpMethod.Put, GuestFiles.Url(_guest.At("to"), "&format=tar"), new ByteArrayContent(bytes));
            Assert.True(written.StatusCode == HttpStatusCode.NoContent, await written.Content.ReadAsStringAsync(Cancelled));
            Assert.Equal("x", await File.ReadAllTextAsync(_guest.At("to", "locked", "deep", "file"), Cancelled));
            Assert.Equal(0x16d, (int)File.GetUnixFileMode(_guest.At("to", "locked")));
            Assert.Equal(["locked"], Directory.GetFileSystemEntries(_guest.At("to")).Select(Path.GetFileName));
        }
    }

    /// <summary>An agent whose threads have the rights of the user nobody on files: Linux keeps that by thread.</summary>
    private sealed partial class NobodyConnector : IAgentConnector
    {
        private const uint Nobody = 65534;

        public ValueTask<Socket?> ConnectAsync(CancellationToken cancellationToken)
        {
            var (left, right) = Posix.SocketPair();
            var thread = new Thread(() =>
            {
                using var connection = new Socket(new SafeSocketHandle(right, ownsHandle: true));
                _ = setfsgid(Nobody);
                _ = setfsuid(Nobody);
                Posix.MakeNonBlocking(right);
                var channel = new AgentChannel(right, right);
                if (channel.Read() is { } request)
                {
                    new FileAgent(channel).Run(AgentRequest.Parse(request.Payload.Span).File!);
                }
            });
            thread.Start();
            return ValueTask.FromResult<Socket?>(new Socket(new SafeSocketHandle(left, ownsHandle: true)));
        }

        [LibraryImport("libc")]
        private static partial int setfsuid(uint id);

        [LibraryImport("libc")]
        private static partial int setfsgid(uint id);
    }
}
