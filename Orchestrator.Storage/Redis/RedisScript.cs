using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Storage.Redis;

/// <summary>A Lua script from a store's folder <c>Scripts</c>, behind the <c>prelude.lua</c> of that folder.</summary>
internal sealed class RedisScript
{
    public RedisScript(string store, string name)
    {
        Name = name;
        Text = Read(store, "prelude") + Read(store, name);

        // https://redis.io/docs/latest/commands/evalsha/: a script's name in the server's cache is its text's SHA-1.
#pragma warning disable CA5350
        Hash = SHA1.HashData(Encoding.UTF8.GetBytes(Text));
#pragma warning restore CA5350
    }

    public string Name { get; }

    public string Text { get; }

    public byte[] Hash { get; }

    private static string Read(string store, string name)
    {
        var resource = $"{typeof(RedisScript).Namespace}.{store}.Scripts.{name}.lua";
        using var stream = typeof(RedisScript).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The script {resource} is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
