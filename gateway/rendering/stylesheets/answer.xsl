<?xml version="1.0" encoding="UTF-8"?>
<!-- What an answer says, for the stylesheets that dress it. Elements have no namespaces here.
     An error always arrives in our own form; everything else is the recorder's own document. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:variable name="response" select="(//Response)[1]"/>
  <xsl:variable name="failed" select="$response/@code != 0"/>
  <xsl:variable name="message" select="string((//ErrorMessage)[1])"/>

  <!-- Lists come without a Response, and so without the name of their action. -->
  <xsl:variable name="action">
    <xsl:choose>
      <xsl:when test="$response"><xsl:value-of select="$response/@type"/></xsl:when>
      <xsl:when test="//verbacdrlist">SearchCalls</xsl:when>
      <xsl:when test="//voice_quality_check_scores">GetVoiceQuality</xsl:when>
    </xsl:choose>
  </xsl:variable>

  <!-- The element whose children are the answer, besides those of the Response itself. -->
  <xsl:variable name="holder" select="$response/parent::* | /*[not($response)]"/>

  <xsl:variable name="calls" select="//verbacdr"/>
  <xsl:variable name="markers" select="//verbamarker"/>
  <xsl:variable name="lists-calls" select="$calls or $action = 'SearchCalls' or $action = 'GetCallInformation'"/>
  <xsl:variable name="lists-markers" select="$markers or $action = 'GetMarkers'"/>

  <!-- Whatever else it says. -->
  <xsl:variable name="inside" select="$response/*[not(self::verbacdr or self::verbamarker or self::verbacdrlist or self::ErrorMessage)]"/>
  <xsl:variable name="beside" select="$holder/*[not(self::verbacdr or self::verbamarker or self::verbacdrlist or self::ErrorMessage) and generate-id() != generate-id($response)]"/>
  <xsl:variable name="others" select="$inside | $beside"/>
  <xsl:variable name="values" select="$others[not(*) and not(@*)]"/>
  <xsl:variable name="records" select="$others[* or @*]"/>

  <!-- What an action that asks for one thing is asked for. -->
  <xsl:variable name="asked-for" select="$response[@type = 'RequestToken']/@token
    | //CallID[$action = 'GetCallID'] | //CallURL[$action = 'GetCallURL']"/>
</xsl:stylesheet>
